import assert from "node:assert/strict";
import fc from "fast-check";
import type { Jid } from "../../src/core/jid.ts";
import { sha256 } from "../../src/runtime/crypto.ts";
import type { JobStore } from "../../src/store/job_store.ts";
import { test } from "../kit/test.ts";
import { Bench, jobAt, NOW, returnOf } from "./kit.ts";

const BODY = Uint8Array.from({ length: 100 }, (_, index) => index);

/** A return of a hundred bytes that was announced without them. */
function announce(jobs: JobStore, body = BODY): Jid {
  const { jid } = jobAt();
  const state = jobs.putReturn(returnOf(jid, "web01", undefined, { sizeBytes: body.length, hash: sha256(body) }), NOW);
  assert.deepEqual(state, { isComplete: false, offset: 0 });
  return jid;
}

const wants = (offset: number) => ({ isComplete: false, offset });

test("putChunk() takes pieces in order and says when the body is whole", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const jid = announce(jobs);
  assert.deepEqual(jobs.putChunk(jid, "web01", 0, BODY.subarray(0, 40)), wants(40));
  assert.equal(jobs.isComplete(jid, "web01"), false);
  assert.equal(jobs.readBody(jid, "web01", 0, 1_000), undefined, "not before it is whole");
  assert.deepEqual(jobs.returnsOf(jid, 1_000), []);
  assert.deepEqual(jobs.putChunk(jid, "web01", 40, BODY.subarray(40, 99)), wants(99));
  assert.deepEqual(jobs.putChunk(jid, "web01", 99, BODY.subarray(99)), { isComplete: true });
  assert.equal(jobs.isComplete(jid, "web01"), true);
  assert.deepEqual(jobs.readBody(jid, "web01", 0, 1_000), BODY);
  assert.deepEqual(jobs.returnsOf(jid, 1_000).map(({ minion, sizeBytes }) => [minion, sizeBytes]), [["web01", 100]]);
  assert.deepEqual(jobs.putChunk(jid, "web01", 0, BODY.subarray(0, 40)), { isComplete: true }, "a late piece");
  assert.deepEqual(jobs.readBody(jid, "web01", 0, 1_000), BODY);
});

test("putChunk() keeps nothing that is not the next piece, and says which is", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const jid = announce(jobs);
  jobs.putChunk(jid, "web01", 0, BODY.subarray(0, 40));
  const refused: readonly (readonly [string, number, Uint8Array])[] = [
    ["twice", 0, BODY.subarray(0, 40)],
    ["too far", 60, BODY.subarray(60, 80)],
    ["overlapping", 39, BODY.subarray(39, 80)],
    ["empty", 40, new Uint8Array(0)],
    ["beyond the size", 40, new Uint8Array(61)],
    ["far beyond", 2 ** 40, new Uint8Array(1)],
  ];
  for (const [name, offset, data] of refused) {
    assert.deepEqual(jobs.putChunk(jid, "web01", offset, data), wants(40), name);
  }
  assert.deepEqual(jobs.putChunk(jid, "web01", 40, BODY.subarray(40)), { isComplete: true });
  assert.deepEqual(jobs.readBody(jid, "web01", 0, 1_000), BODY);
});

test("putChunk() starts over when the hash is wrong, and succeeds with the right bytes", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const jid = announce(jobs);
  jobs.putChunk(jid, "web01", 0, BODY.subarray(0, 50));
  assert.deepEqual(jobs.putChunk(jid, "web01", 50, BODY.slice(50).fill(0)), wants(0));
  assert.equal(jobs.isComplete(jid, "web01"), false);
  assert.deepEqual(jobs.putChunk(jid, "web01", 0, BODY), { isComplete: true });
  assert.deepEqual(jobs.readBody(jid, "web01", 0, 1_000), BODY);
});

test("putChunk() knows no return that was not announced, and none of another minion or job", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const jid = announce(jobs);
  assert.equal(jobs.putChunk(jid, "web02", 0, BODY), undefined);
  assert.equal(jobs.putChunk(jobAt().jid, "web01", 0, BODY), undefined);
  const other = announce(jobs);
  jobs.putChunk(other, "web01", 0, BODY.subarray(0, 30));
  assert.deepEqual(jobs.putChunk(jid, "web01", 0, BODY), { isComplete: true });
  assert.deepEqual(jobs.putChunk(other, "web01", 30, BODY.subarray(30)), { isComplete: true });
});

test("putReturn() says where to go on after a connection was lost, also for another worker", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const jid = announce(jobs);
  jobs.putChunk(jid, "web01", 0, BODY.subarray(0, 40));
  const again = returnOf(jid, "web01", undefined, { sizeBytes: BODY.length, hash: sha256(BODY) });
  const other = bench.open();
  assert.deepEqual(other.jobs.putReturn(again, NOW), wants(40));
  assert.deepEqual(other.jobs.putChunk(jid, "web01", 40, BODY.subarray(40)), { isComplete: true });
  assert.deepEqual(jobs.readBody(jid, "web01", 0, 1_000), BODY);
});

test("readBody() gives the bytes at every offset and length, whether the body came in one or in pieces", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const jid = announce(jobs);
  for (const [from, to] of [[0, 1], [1, 2], [2, 40], [40, 41], [41, 99], [99, 100]] as const) {
    jobs.putChunk(jid, "web01", from, BODY.subarray(from, to));
  }
  jobs.putReturn(returnOf(jid, "web02", BODY), NOW);
  for (let offset = 0; offset <= 101; offset++) {
    for (const maxBytes of [1, 2, 39, 100]) {
      const want = BODY.subarray(offset, offset + maxBytes);
      assert.deepEqual(
        plain(jobs.readBody(jid, "web02", offset, maxBytes)),
        plain(want),
        `whole, ${offset}, ${maxBytes}`,
      );
      assert.deepEqual(
        plain(jobs.readBody(jid, "web01", offset, maxBytes)),
        plain(want),
        `pieces, ${offset}, ${maxBytes}`,
      );
    }
  }
});

function plain(bytes: Uint8Array | undefined): number[] | undefined {
  return bytes && [...bytes];
}

test("a body is put together from pieces of any sizes", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1, maxLength: 12 }), (pieces) => {
      const body = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      const jid = announce(jobs, body);
      let offset = 0;
      jobs.together(() => {
        for (const piece of pieces) {
          const state = jobs.putChunk(jid, "web01", offset, piece);
          offset += piece.length;
          assert.deepEqual(state, offset < body.length ? wants(offset) : { isComplete: true });
        }
      });
      assert.deepEqual(plain(jobs.readBody(jid, "web01", 0, body.length)), [...body]);
      const half = body.length >> 1;
      assert.deepEqual(plain(jobs.readBody(jid, "web01", half, body.length)), [...body.subarray(half)]);
    }),
    { numRuns: 40 },
  );
});

test("a body of 16 MiB arrives whole in pieces of half a MiB", () => {
  using bench = new Bench();
  const { jobs } = bench.open();
  const body = new Uint8Array(16 * 1024 * 1024);
  for (let at = 0; at < body.length; at += 4_093) body[at] = at % 251;
  const jid = announce(jobs, body);
  const step = 512 * 1024;
  for (let offset = 0; offset < body.length; offset += step) {
    const state = jobs.together(() => jobs.putChunk(jid, "web01", offset, body.subarray(offset, offset + step)));
    assert.deepEqual(state, offset + step < body.length ? wants(offset + step) : { isComplete: true });
  }
  const middle = jobs.readBody(jid, "web01", 3 * step + 7, step);
  assert.ok(middle);
  assert.deepEqual(sha256(middle), sha256(body.subarray(3 * step + 7, 4 * step + 7)));
});
