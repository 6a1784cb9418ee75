import assert from "node:assert/strict";
import { parseJid } from "../../src/core/jid.ts";
import { test } from "../kit/test.ts";
import { Bench, jobAt, NOW, returnOf } from "./kit.ts";

const nobody = new Map<string, number>();
const bytes = (text: string) => new TextEncoder().encode(text);

test("findJob() gives back the job that addJob() was given, also when the store is opened again", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const job = jobAt();
  jobs.addJob(job, ["web01"], nobody);
  for (const store of [jobs, bench.open().jobs]) {
    const found = store.findJob(job.jid);
    assert.deepEqual({ ...found, arguments: null }, { ...job, arguments: null });
    assert.deepEqual(JSON.stringify(found?.arguments.slice(0, 2)), JSON.stringify(job.arguments.slice(0, 2)));
    assert.deepEqual([...found?.arguments[2] as Uint8Array], [1]);
  }
  assert.equal(jobs.findJob(parseJid("20200101000000000-aaaaaa")), undefined);
});

test("addJob() refuses the same id a second time and leaves the first as it was", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const job = jobAt();
  jobs.addJob(job, ["web01"], nobody);
  assert.throws(() => jobs.addJob({ ...job, function: "cmd.run" }, ["web02"], new Map([["web02", NOW]])));
  assert.equal(jobs.findJob(job.jid)?.function, "test.echo");
  assert.deepEqual(jobs.expectedOf(job.jid), ["web01"]);
  assert.deepEqual([...jobs.placesOf(job.jid)], []);
});

test("expectedOf() gives ten thousand minions back, sorted", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const ids = Array.from({ length: 10_000 }, (_, index) => `node-${index}.example.org`);
  const job = jobAt(NOW, { expectedCount: ids.length });
  jobs.addJob(job, ids, new Map(ids.slice(0, 6_000).map((id) => [id, 0])));
  assert.deepEqual(jobs.expectedOf(job.jid), [...ids].sort());
  assert.equal(jobs.placesOf(job.jid).size, 6_000);
  assert.deepEqual(jobs.expectedOf(parseJid("20200101000000000-aaaaaa")), []);
});

test("newestJobs() gives the newest first, each with the number of its whole returns", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const [old, middle, newest] = [jobAt(NOW), jobAt(NOW + 1), jobAt(NOW + 2)];
  for (const job of [middle, newest, old]) jobs.addJob(job, ["a", "b", "c"], nobody);
  jobs.together(() => {
    jobs.putReturn(returnOf(middle.jid, "a", bytes("1")), NOW);
    jobs.putReturn(returnOf(middle.jid, "b", bytes("2")), NOW);
    jobs.putReturn(returnOf(middle.jid, "c", undefined, { sizeBytes: 9 }), NOW); // announced only
  });
  const summary = jobs.newestJobs(10).map(({ jid, returnedCount }) => [jid, returnedCount]);
  assert.deepEqual(summary, [[newest.jid, 0], [middle.jid, 2], [old.jid, 0]]);
  assert.deepEqual(jobs.newestJobs(1).map(({ jid }) => jid), [newest.jid]);
  assert.deepEqual(jobs.newestJobs(0), []);
});

test("putReturn() keeps the first return and leaves it as it is when another comes", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const { jid } = jobAt();
  const first = returnOf(jid, "web01", bytes("first"), { retcode: 3, success: false });
  assert.deepEqual(jobs.putReturn(first, NOW), { isComplete: true });
  assert.deepEqual(jobs.putReturn(first, NOW + 1), { isComplete: true });
  assert.deepEqual(jobs.putReturn(returnOf(jid, "web01", bytes("second")), NOW + 2), { isComplete: true });
  assert.deepEqual(jobs.putReturn(returnOf(jid, "web01", undefined, { sizeBytes: 7 }), NOW), { isComplete: true });
  const { hash: _hash, body: _body, ...head } = first;
  assert.deepEqual(jobs.findReturn(jid, "web01"), head);
  assert.deepEqual(jobs.returnsOf(jid, 1_000).map(({ body }) => [...body ?? []]), [[...bytes("first")]]);
});

test("returnsOf() gives whole returns by minion, with those bodies that are small enough", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const { jid } = jobAt();
  const other = jobAt();
  for (const [id, size] of [["c", 5], ["a", 6], ["b", 0]] as const) {
    jobs.putReturn(returnOf(jid, id, new Uint8Array(size).fill(1)), NOW);
  }
  jobs.putReturn(returnOf(jid, "d", undefined, { sizeBytes: 9 }), NOW);
  jobs.putReturn(returnOf(other.jid, "a", bytes("other")), NOW);
  const sizes = (max: number) => jobs.returnsOf(jid, max).map(({ minion, body }) => [minion, body?.length]);
  assert.deepEqual(sizes(5), [["a", undefined], ["b", 0], ["c", 5]]);
  assert.deepEqual(sizes(6), [["a", 6], ["b", 0], ["c", 5]]);
  assert.deepEqual(sizes(-1), [["a", undefined], ["b", undefined], ["c", undefined]]);
});

test("placesOf() gives the last place that was noted for each minion", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const job = jobAt();
  jobs.addJob(job, ["a", "b"], new Map([["b", NOW - 5]]));
  assert.deepEqual([...jobs.placesOf(job.jid)], [["b", { state: "unreachable", since: job.createdAt }]]);
  jobs.putPlace(job.jid, "b", "running", NOW + 1);
  jobs.putPlace(job.jid, "a", "running", NOW + 2);
  assert.deepEqual([...jobs.placesOf(job.jid)].sort(), [
    ["a", { state: "running", since: NOW + 2 }],
    ["b", { state: "running", since: NOW + 1 }],
  ]);
});

test("together() forgets everything when one write fails", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const { jid } = jobAt();
  assert.throws(() =>
    jobs.together(() => {
      jobs.putReturn(returnOf(jid, "web01", bytes("x")), NOW);
      throw new Error("half way");
    }), /half way/);
  assert.equal(jobs.findReturn(jid, "web01"), undefined);
});

test("prune() forgets old jobs with all that belongs to them, and nothing else", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const [old, edge] = [jobAt(NOW - 1), jobAt(NOW)];
  for (const job of [old, edge]) {
    jobs.addJob(job, ["a", "b", "c"], new Map([["c", 0]]));
    jobs.putReturn(returnOf(job.jid, "a", bytes("x")), NOW);
    jobs.putReturn(returnOf(job.jid, "b", undefined, { sizeBytes: 4 }), NOW);
    jobs.putChunk(job.jid, "b", 0, bytes("xx"));
  }
  assert.equal(jobs.prune(NOW), 1);
  assert.equal(jobs.prune(NOW), 0);
  assert.equal(jobs.findJob(old.jid), undefined);
  assert.deepEqual(jobs.expectedOf(old.jid), []);
  assert.deepEqual(jobs.returnsOf(old.jid, 1_000), []);
  assert.equal(jobs.findReturn(old.jid, "b"), undefined);
  assert.equal(jobs.putChunk(old.jid, "b", 2, bytes("xx")), undefined);
  assert.equal(jobs.placesOf(old.jid).size, 0);
  const again = returnOf(old.jid, "b", undefined, { sizeBytes: 4 });
  jobs.putReturn(again, NOW);
  assert.deepEqual(jobs.putReturn(again, NOW), { isComplete: false, offset: 0 }, "no chunk was left");

  assert.ok(jobs.findJob(edge.jid));
  assert.deepEqual(jobs.putChunk(edge.jid, "b", 2, bytes("yy")), { isComplete: false, offset: 0 }, "a wrong hash");
  assert.equal(jobs.returnsOf(edge.jid, 1_000).length, 1);
  assert.equal(jobs.placesOf(edge.jid).size, 1);
});

test("prune() takes a bounded number at a time, the oldest first", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  for (const age of [3, 1, 5, 2, 4]) jobs.addJob(jobAt(NOW - age), ["a"], nobody);
  assert.equal(jobs.prune(NOW, 2), 2);
  assert.deepEqual(jobs.newestJobs(9).map(({ createdAt }) => NOW - createdAt), [1, 2, 3]);
  assert.equal(jobs.prune(NOW, 2), 2);
  assert.equal(jobs.prune(NOW, 2), 1);
});
