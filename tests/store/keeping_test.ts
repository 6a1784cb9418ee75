import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "../kit/test.ts";
import { Bench, jobAt, NOW, peer, returnOf } from "./kit.ts";

test("shrinkTo() forgets the oldest jobs until what is kept fits, and no more", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const body = new Uint8Array(50_000);
  const made = Array.from({ length: 200 }, (_, n) => jobAt(NOW + n));
  for (const job of made) {
    jobs.addJob(job, ["web01"], new Map());
    jobs.together(() => jobs.putReturn(returnOf(job.jid, "web01", body), NOW));
  }
  assert.equal(jobs.shrinkTo(100_000_000), 0);
  const count = jobs.shrinkTo(5_000_000);
  assert.ok(count >= 100 && count < 130, `${count} went`);
  const left = jobs.newestJobs(1_000).map(({ jid }) => jid);
  assert.deepEqual(left, made.slice(count).map(({ jid }) => jid).reverse(), "the newest stay");
  assert.equal(jobs.returnsOf(made[0]?.jid ?? jobAt().jid, 100_000).length, 0, "returns go with their jobs");
  assert.equal(jobs.shrinkTo(0), 200 - count, "nothing is left to forget, and it ends");
});

test("The store keeps each key's history: when it came, and every change of its state", () => {
  using bench = new Bench();
  const { keys } = bench.open();
  keys.judge(peer("web01"), "pending", NOW);
  keys.change("minion", ["web01"], "accept", NOW + 1);
  keys.change("minion", ["web01"], "reject", NOW + 2);
  keys.change("minion", ["web01"], "delete", NOW + 3);
  using database = new DatabaseSync(bench.path);
  const rows = database.prepare("SELECT id, state, at FROM key_history ORDER BY rowid").all();
  assert.deepEqual(rows.map(({ id, state }) => [id, state]), [
    ["web01", "pending"],
    ["web01", "accepted"],
    ["web01", "rejected"],
    ["web01", "deleted"],
  ]);
  assert.deepEqual(rows.slice(0, 3).map(({ at }) => at), [NOW, NOW + 1, NOW + 2]);
});
