import assert from "node:assert/strict";
import { chmodSync, readdirSync } from "node:fs";
import process from "node:process";
import { modeOf } from "../../src/runtime/files.ts";
import { openDatabase, transact } from "../../src/store/database.ts";
import { openStore } from "../../src/store/store.ts";
import { Scratch } from "../core/scratch.ts";
import { test } from "../kit/test.ts";
import { Bench, jobAt, NOW, peer, returnOf } from "./kit.ts";

test("T7: the database, its log and its index are 0600 in a 0700 directory, also with a permissive umask", () => {
  using scratch = new Scratch();
  const before = process.umask(0);
  try {
    using store = openStore(scratch.at("lib", "brine.db"));
    store.keys.judge(peer("web01"), "pending", NOW);
    assert.deepEqual(readdirSync(scratch.at("lib")).sort(), ["brine.db", "brine.db-shm", "brine.db-wal"]);
    for (const name of readdirSync(scratch.at("lib"))) assert.equal(modeOf(scratch.at("lib", name)), 0o600, name);
    assert.equal(modeOf(scratch.at("lib")), 0o700);
  } finally {
    process.umask(before);
  }
});

test("T7: openDatabase() closes a file that was left open to others", () => {
  using scratch = new Scratch();
  openDatabase(scratch.at("brine.db")).close();
  chmodSync(scratch.at("brine.db"), 0o644);
  using database = openDatabase(scratch.at("brine.db"));
  database.exec("INSERT INTO seen VALUES ('a', 1, 'b', 1)");
  for (const name of readdirSync(scratch.path)) assert.equal(modeOf(scratch.at(name)), 0o600, name);
});

test("openDatabase() opens a database that is there, and what it holds", () => {
  using scratch = new Scratch();
  {
    using first = openDatabase(scratch.at("brine.db"));
    first.exec("INSERT INTO seen VALUES ('web01', 1, '10.0.0.1', 1)");
  }
  using second = openDatabase(scratch.at("brine.db"));
  assert.equal(second.prepare("SELECT id FROM seen").get()?.["id"], "web01");
  assert.equal(second.prepare("PRAGMA journal_mode").get()?.["journal_mode"], "wal");
  assert.equal(Number(second.prepare("PRAGMA synchronous").get()?.["synchronous"]), 1);
});

test("transact() keeps all of it or nothing", () => {
  using scratch = new Scratch();
  using database = openDatabase(scratch.at("brine.db"));
  const count = () => Number(database.prepare("SELECT count(*) AS n FROM seen").get()?.["n"]);
  const insert = (id: string) => database.exec(`INSERT INTO seen VALUES ('${id}', 1, 'x', 1)`);
  assert.equal(transact(database, () => (insert("a"), insert("b"), 7)), 7);
  assert.equal(count(), 2);
  const failure = new Error("half way");
  const half = () =>
    transact(database, () => {
      insert("c");
      throw failure;
    });
  assert.throws(half, failure);
  assert.equal(count(), 2);
  assert.equal(transact(database, () => 1), 1, "and the next one works");
});

test("transact() names the cause when SQLite has rolled back by itself", () => {
  using scratch = new Scratch();
  using database = openDatabase(scratch.at("brine.db"));
  const failure = new Error("database or disk is full");
  const full = () =>
    transact(database, () => {
      database.exec("ROLLBACK"); // what SQLite does at SQLITE_FULL
      throw failure;
    });
  assert.throws(full, failure);
});

test("two connections write to one file by turns, and each sees what the other wrote", () => {
  using bench = new Bench();
  const [one, other] = [bench.open(), bench.open()];
  const job = jobAt();
  one.jobs.addJob(job, ["web01", "web02"], new Map());
  assert.deepEqual(other.jobs.expectedOf(job.jid), ["web01", "web02"]);
  for (let turn = 0; turn < 50; turn++) {
    const [writer, reader] = turn % 2 === 0 ? [one, other] : [other, one];
    writer.jobs.together(() => writer.jobs.putReturn(returnOf(job.jid, `m${turn}`, new Uint8Array([turn])), NOW));
    assert.deepEqual(reader.jobs.returnsOf(job.jid, 100).length, turn + 1);
    writer.minions.putSeen("web01", { isUp: true, address: "10.0.0.1", at: NOW + turn });
    assert.equal(reader.minions.seen().get("web01")?.at, NOW + turn);
  }
});
