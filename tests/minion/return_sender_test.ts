/** Tests of how returns get from the spool to the master. @module */
import assert from "node:assert/strict";
import type { Jid } from "../../src/core/jid.ts";
import { ReturnSender } from "../../src/minion/return_sender.ts";
import { Spool } from "../../src/minion/spool.ts";
import { readFileIfThere, writePrivateFile } from "../../src/runtime/files.ts";
import { decode, encode } from "../../src/wire/codec.ts";
import { CHUNK_BYTES, type FromMinion } from "../../src/wire/minion_messages.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { jidOf, logTo, scratch } from "./kit.ts";

const OUTCOME = { retcode: 0, success: true, startedAt: 1, durationMs: 2 };

function world() {
  const directory = scratch();
  const clock = new ManualClock();
  const spool = new Spool(directory.at("spool"));
  const sent: FromMinion[] = [];
  const lines: string[] = [];
  let isOnline = true;
  const send = (message: FromMinion) => isOnline && sent.push(message) > 0;
  const sender = new ReturnSender({ id: "m1", spool, clock, log: logTo(lines), send });
  return {
    spool,
    clock,
    sent,
    lines,
    sender,
    path: (jid: Jid) => directory.at(`spool/${jid}`),
    setOnline: (to: boolean) => isOnline = to,
    put: (n: number, value: unknown) => spool.put({ jid: jidOf(n), ...OUTCOME }, encode(value)),
    jids: () => sent.flatMap((message) => message.kind === "return" ? [message.jid] : []),
    [Symbol.dispose]() {
      sender[Symbol.dispose]();
      directory[Symbol.dispose]();
      assert.equal(clock.pending, 0);
    },
  };
}

test("ReturnSender.start() announces what waits, oldest first, at most 8 MiB at once, the rest as they are stored", () => {
  using w = world();
  for (let n = 0; n < 60; n++) w.put(n, new Uint8Array(200 * 1024));
  w.sender.start();
  const first = w.jids();
  assert.ok(first.length > 30 && first.length <= 42, `${first.length} returns at once`);
  assert.deepEqual(first, first.toSorted());
  for (let stored = 0; stored < 60; stored++) w.sender.stored(w.jids()[stored] ?? assert.fail(`only ${stored} came`));
  assert.equal(new Set(w.jids()).size, 60);
  assert.deepEqual(w.spool.waiting(), []);
});

test("ReturnSender.want() sends a window of pieces, goes on as the master has them, and resumes anywhere", () => {
  using w = world();
  const body = new Uint8Array(10 * CHUNK_BYTES).map((_, i) => i % 251);
  const head = w.put(1, body);
  w.sender.announce(head, encode(body));
  assert.ok(w.sent[0]?.kind === "return" && !("body" in w.sent[0]));
  const offsets = () => w.sent.flatMap((message) => message.kind === "chunk" ? [message.offset / CHUNK_BYTES] : []);
  w.sender.want(head.jid, 0);
  assert.deepEqual(offsets(), [0, 1, 2, 3]);
  w.sender.want(head.jid, CHUNK_BYTES);
  w.sender.want(head.jid, 2 * CHUNK_BYTES);
  assert.deepEqual(offsets(), [0, 1, 2, 3, 4, 5]);
  w.sender.start(); // a new session: the master has six
  w.sender.want(head.jid, 6 * CHUNK_BYTES);
  assert.deepEqual(offsets(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (let n = 7; n <= 10; n++) w.sender.want(head.jid, n * CHUNK_BYTES);
  const last = w.sent.at(-1);
  assert.ok(last?.kind === "chunk");
  assert.equal(last.offset + last.data.length, head.sizeBytes);
});

test("ReturnSender announces again what nobody acknowledged for 10 s", () => {
  using w = world();
  w.sender.announce(w.put(1, "one"), encode("one"));
  w.clock.advance(9_999);
  assert.equal(w.sent.length, 1);
  w.clock.advance(10_001);
  assert.ok(w.sent.length >= 2);
  w.sender.stored(jidOf(1));
  const count = w.sent.length;
  w.clock.advance(60_000);
  assert.equal(w.sent.length, count);
});

test("ReturnSender keeps what is ready without a session, for the next one", () => {
  using w = world();
  w.setOnline(false);
  for (let n = 0; n < 3; n++) w.sender.announce(w.put(n, n), encode(n));
  assert.equal(w.sent.length, 0);
  w.setOnline(true);
  w.sender.start();
  assert.deepEqual(w.jids(), [0, 1, 2].map(jidOf));
});

test("ReturnSender answers for a return that a power failure cut off, and the others are not held up", () => {
  using w = world();
  for (let n = 0; n < 4; n++) w.put(n, "whole");
  const file = readFileIfThere(w.path(jidOf(1))) ?? assert.fail("no file");
  writePrivateFile(w.path(jidOf(0)), file.subarray(0, 0));
  writePrivateFile(w.path(jidOf(1)), file.subarray(0, file.length - 1));
  writePrivateFile(w.path(jidOf(2)), file.map(() => 0xff));
  w.sender.start();
  const values = w.sent.map((message) =>
    message.kind === "return" ? [message.jid, message.success, decode(message.body ?? new Uint8Array(0))] : []
  );
  const lost = "The job ran, but its return was lost in a power failure of the minion";
  assert.deepEqual(values, [
    [jidOf(0), false, lost],
    [jidOf(1), false, lost],
    [jidOf(2), false, lost],
    [jidOf(3), true, "whole"],
  ]);
});
