import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { test } from "../kit/test.ts";
import { Bench, NOW, peer } from "./kit.ts";

test("makeToken() gives a token that accepts as many newcomers as it has uses", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const [one, three] = [keys.makeToken(60_000, 1, NOW), keys.makeToken(60_000, 3, NOW)];
  assert.match(one, /^[0-9a-f]{40}$/);
  assert.notEqual(one, three);
  assert.deepEqual(keys.judge(peer("a", one), "pending", NOW), { standing: "accepted", reason: "", isNew: true });
  assert.equal(keys.judge(peer("b", one), "pending", NOW).standing, "denied");
  for (const id of ["c", "d", "e"]) assert.equal(keys.judge(peer(id, three), "pending", NOW).standing, "accepted");
  assert.equal(keys.judge(peer("f", three), "pending", NOW).standing, "denied");
  assert.deepEqual(keys.acceptedIds("minion"), ["a", "c", "d", "e"]);
});

test("T10: a token holds up to its last moment and not a millisecond longer", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const token = keys.makeToken(1_000, 2, NOW);
  assert.equal(keys.judge(peer("a", token), "pending", NOW + 1_000).standing, "accepted");
  const late = keys.judge(peer("b", token), "pending", NOW + 1_001);
  assert.deepEqual(late, { standing: "denied", reason: "the token is unknown, used up or expired", isNew: false });
});

test("a token accepts a key that is pending already", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const web01 = peer("web01");
  keys.judge(web01, "pending", NOW);
  const token = keys.makeToken(60_000, 1, NOW);
  const judgement = keys.judge({ ...web01, token }, "pending", NOW + 9);
  assert.deepEqual(judgement, { standing: "accepted", reason: "", isNew: false });
  assert.deepEqual(keys.list().map(({ state, since }) => [state, since]), [["accepted", NOW + 9]]);
});

test("a wrong token is denied and leaves no trace", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const good = keys.makeToken(60_000, 1, NOW);
  const wrong = ["", "0".repeat(40), good.slice(1), `${good} `, good.toUpperCase() + "x", "' OR 1=1 --", "%", "\0"];
  for (const token of wrong) {
    assert.equal(keys.judge(peer("web01", token), "accepted", NOW).standing, "denied", JSON.stringify(token));
  }
  assert.deepEqual(keys.list(), []);
  const waiting = peer("waiting");
  keys.judge(waiting, "pending", NOW);
  assert.equal(keys.judge({ ...waiting, token: "wrong" }, "pending", NOW).standing, "denied");
  assert.deepEqual(keys.list().map(({ id, state }) => [id, state]), [["waiting", "pending"]]);
  assert.equal(keys.judge(peer("web01", good), "pending", NOW).standing, "accepted", "and the good one is unharmed");
});

test("a token is not spent on a key that is accepted or rejected already", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const token = keys.makeToken(60_000, 1, NOW);
  const [accepted, rejected] = [peer("accepted", token), peer("rejected", token)];
  keys.judge({ ...accepted, token: undefined }, "accepted", NOW);
  keys.judge({ ...rejected, token: undefined }, "pending", NOW);
  keys.change("minion", ["rejected"], "reject", NOW);
  assert.equal(keys.judge(accepted, "pending", NOW).standing, "accepted");
  assert.equal(keys.judge(rejected, "pending", NOW).standing, "rejected");
  assert.equal(keys.judge(peer("new", token), "pending", NOW).standing, "accepted");
});

test("T7: a token is nowhere in the database's files", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const token = keys.makeToken(60_000, 1, NOW);
  for (const suffix of ["", "-wal"]) {
    const content = readFileSync(bench.path + suffix);
    assert.equal(content.includes(token), false);
    assert.equal(content.includes(Buffer.from(token, "hex")), false);
  }
});

test("makeToken() forgets tokens that have run out", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  const old = keys.makeToken(1_000, 1, NOW);
  keys.makeToken(1_000, 1, NOW + 5_000);
  assert.equal(keys.judge(peer("a", old), "pending", NOW).standing, "denied", "even by a clock that was set back");
});
