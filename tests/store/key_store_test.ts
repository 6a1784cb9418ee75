import assert from "node:assert/strict";
import { fingerprintOf, keyIdOf, newIdentity, publicHalf } from "../../src/crypto/identity.ts";
import { openDatabase } from "../../src/store/database.ts";
import { KeyStore } from "../../src/store/key_store.ts";
import { DatabaseSync } from "../../src/runtime/sqlite.ts";
import { test } from "../kit/test.ts";
import { Bench, NOW, peer } from "./kit.ts";

test("judge() makes a newcomer pending, and says that it is new once", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const web01 = peer("web01");
  assert.deepEqual(keys.judge(web01, "pending", NOW), { standing: "pending", reason: "", isNew: true });
  assert.deepEqual(keys.judge(web01, "pending", NOW + 5), { standing: "pending", reason: "", isNew: false });
  assert.deepEqual(keys.list(), [{
    role: "minion",
    id: "web01",
    keyId: keyIdOf(web01.identity),
    fingerprint: fingerprintOf(web01.identity),
    state: "pending",
    since: NOW,
  }]);
  assert.deepEqual(keys.acceptedIds("minion"), []);
});

test("judge() follows what change() decided", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const web01 = peer("web01");
  keys.judge(web01, "pending", NOW);
  keys.change("minion", ["web01"], "accept", NOW);
  assert.deepEqual(keys.judge(web01, "pending", NOW), { standing: "accepted", reason: "", isNew: false });
  assert.deepEqual(keys.acceptedIds("minion"), ["web01"]);
  assert.deepEqual(keys.acceptedIds("operator"), []);
  keys.change("minion", ["web01"], "reject", NOW);
  const rejected = keys.judge(web01, "accepted", NOW);
  assert.deepEqual(rejected, { standing: "rejected", reason: "its key was rejected on the master", isNew: false });
  assert.deepEqual(keys.acceptedIds("minion"), []);
  keys.change("minion", ["web01"], "delete", NOW);
  assert.deepEqual(keys.judge(web01, "pending", NOW), { standing: "pending", reason: "", isNew: true });
});

test("T1: judge() denies whoever comes with another key and the id of a known one, whatever its state", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const token = keys.makeToken(60_000, 5, NOW);
  for (const [id, change] of [["pending", undefined], ["accepted", "accept"], ["rejected", "reject"]] as const) {
    keys.judge(peer(id), "pending", NOW);
    if (change) keys.change("minion", [id], change, NOW);
    const before = keys.list();
    for (const stranger of [peer(id), peer(id, token)]) {
      const judgement = keys.judge(stranger, "accepted", NOW + 1);
      assert.deepEqual(judgement, { standing: "denied", reason: `another key has the id "${id}"`, isNew: false });
    }
    assert.deepEqual(keys.list(), before);
  }
  for (let use = 0; use < 5; use++) {
    assert.equal(keys.judge(peer(`m${use}`, token), "pending", NOW).standing, "accepted");
  }
});

test("judge() denies a key of which one half alone is the known one", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const web01 = peer("web01");
  keys.judge(web01, "accepted", NOW);
  const other = publicHalf(newIdentity());
  for (const half of [{ signingKey: other.signingKey }, { agreementKey: other.agreementKey }]) {
    const mixed = { ...web01, identity: { ...web01.identity, ...half } };
    assert.equal(keys.judge(mixed, "accepted", NOW).standing, "denied");
  }
});

test("judge() keeps minions and operators of one name apart", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  assert.equal(keys.judge(peer("root", undefined, "operator"), "accepted", NOW).standing, "accepted");
  assert.equal(keys.judge(peer("root"), "pending", NOW).standing, "pending");
  keys.change("minion", ["root"], "delete", NOW);
  assert.deepEqual(keys.acceptedIds("operator"), ["root"]);
});

test("judge() keeps `since` while nothing changes, and moves it when something does", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const web01 = peer("web01");
  keys.judge(web01, "pending", NOW);
  keys.judge(web01, "pending", NOW + 1);
  assert.equal(keys.list()[0]?.since, NOW);
  keys.judge(web01, "accepted", NOW + 2);
  assert.deepEqual([keys.list()[0]?.state, keys.list()[0]?.since], ["accepted", NOW + 2]);
  keys.judge(web01, "pending", NOW + 3);
  assert.deepEqual([keys.list()[0]?.state, keys.list()[0]?.since], ["accepted", NOW + 2]);
});

test("change() names what it changed, and nothing that was so already or is not there", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  for (const id of ["a", "b", "c"]) keys.judge(peer(id), "pending", NOW);
  const ids = (changed: readonly { id: string }[]) => changed.map(({ id }) => id);
  assert.deepEqual(ids(keys.change("minion", ["a", "b", "nobody"], "accept", NOW + 1)), ["a", "b"]);
  assert.deepEqual(ids(keys.change("minion", ["a", "b", "c"], "accept", NOW + 2)), ["c"]);
  assert.deepEqual(keys.list().map(({ since }) => since), [NOW + 1, NOW + 1, NOW + 2]);
  assert.deepEqual(ids(keys.change("operator", ["a"], "delete", NOW)), []);
  assert.deepEqual(ids(keys.change("minion", ["a", "c"], "delete", NOW)), ["a", "c"]);
  assert.deepEqual(ids(keys.list()), ["b"]);
});

test("judge() denies newcomers beyond maxPendingKeys, and nobody else", () => {
  using bench = new Bench();
  bench.open();
  using database = openDatabase(bench.path);
  const keys = new KeyStore(database, { maxPendingKeys: 2 });
  const [a, b, c] = [peer("a"), peer("b"), peer("c")];
  keys.judge(a, "pending", NOW);
  keys.judge(b, "pending", NOW);
  const denied = keys.judge(c, "pending", NOW);
  assert.deepEqual(denied, { standing: "denied", reason: "2 keys are pending already", isNew: false });
  assert.deepEqual(keys.list().map(({ id }) => id), ["a", "b"]);
  assert.equal(keys.judge(a, "pending", NOW).standing, "pending", "it was there before");
  assert.equal(keys.judge(peer("d"), "accepted", NOW).standing, "accepted");
  assert.equal(keys.judge(peer("e", keys.makeToken(1_000, 1, NOW)), "pending", NOW).standing, "accepted");
  keys.change("minion", ["b"], "reject", NOW);
  assert.equal(keys.judge(c, "pending", NOW).standing, "pending");
});

test("keys and tokens are there after the store was closed, and for every connection at once", () => {
  using bench = new Bench();
  const web01 = peer("web01");
  const first = bench.open();
  first.keys.judge(web01, "accepted", NOW);
  const token = first.keys.makeToken(60_000, 2, NOW);
  const before = first.keys.list();
  const second = bench.open();
  assert.deepEqual(second.keys.list(), before);
  assert.equal(second.keys.judge(peer("web02", token), "pending", NOW).standing, "accepted");
  assert.equal(first.keys.judge(peer("web03", token), "pending", NOW).standing, "accepted");
  assert.equal(second.keys.judge(peer("web04", token), "pending", NOW).standing, "denied", "two uses in all");
  assert.deepEqual(first.keys.acceptedIds("minion"), ["web01", "web02", "web03"]);
});

/** Somebody else writes at the moment at which this one begins to. */
class RacedDatabase extends DatabaseSync {
  beforeBegin: (() => void) | undefined;

  override exec(sql: string): void {
    const rival = this.beforeBegin;
    if (rival && sql.startsWith("BEGIN")) {
      this.beforeBegin = undefined;
      rival();
    }
    super.exec(sql);
  }
}

test("T1: judge() does not overwrite a key that another worker took in at the same moment", () => {
  using bench = new Bench();
  const { keys: other } = bench.open();
  using database = new RacedDatabase(bench.path);
  const keys = new KeyStore(database);
  const [rightful, rival] = [peer("web01"), peer("web01")];
  database.beforeBegin = () => void other.judge(rightful, "accepted", NOW);
  assert.equal(keys.judge(rival, "pending", NOW).standing, "denied");
  assert.deepEqual(other.list().map(({ keyId, state }) => [keyId, state]), [[keyIdOf(rightful.identity), "accepted"]]);
});

test("T3: judge() does not accept by token a key that was rejected at the same moment, and keeps the token", () => {
  using bench = new Bench();
  const { keys: other } = bench.open();
  using database = new RacedDatabase(bench.path);
  const keys = new KeyStore(database);
  const token = keys.makeToken(60_000, 1, NOW);
  const web01 = peer("web01", token);
  other.judge({ ...web01, token: undefined }, "pending", NOW);
  database.beforeBegin = () => void other.change("minion", ["web01"], "reject", NOW);
  assert.equal(keys.judge(web01, "pending", NOW).standing, "rejected");
  assert.equal(keys.judge(peer("web02", token), "pending", NOW).standing, "accepted");
});

test("change() says only what it did, also when a key is deleted at the same moment", () => {
  using bench = new Bench();
  const { keys: other } = bench.open();
  using database = new RacedDatabase(bench.path);
  const keys = new KeyStore(database);
  keys.judge(peer("web01"), "pending", NOW);
  database.beforeBegin = () => void other.change("minion", ["web01"], "delete", NOW);
  assert.deepEqual(keys.change("minion", ["web01"], "accept", NOW), []);
});
