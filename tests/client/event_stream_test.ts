/** Tests of the bounded stream of events. @module */
import assert from "node:assert/strict";
import { missedEvent } from "../../src/client/connection.ts";
import { EventStream } from "../../src/client/event_stream.ts";
import { test } from "../kit/test.ts";

const event = (sequence: number, tag = "brine/x") => ({ sequence, tag, at: 0, data: {} });
const streamOf = (limit: number) => new EventStream({ limit, matches: (tag) => tag === "brine/x", now: () => 7 });

test("EventStream drops events beyond its bound until the reader has caught up, and says how many", async () => {
  const stream = streamOf(2);
  const reader = stream[Symbol.asyncIterator]();
  for (const sequence of [1, 2, 3, 4]) stream.take(event(sequence));
  stream.take(event(5, "brine/other"));
  assert.equal((await reader.next()).value.sequence, 1);
  stream.take(event(6)); // there is room, but not after what was dropped
  assert.equal((await reader.next()).value.sequence, 2);
  assert.deepEqual((await reader.next()).value, missedEvent(3, 7));
  stream.take(event(7));
  assert.equal((await reader.next()).value.sequence, 7);
  stream.end();
  assert.equal((await reader.next()).done, true);
});

test("EventStream passes on at once what the master says was missed, to a reader that waits", async () => {
  const stream = streamOf(2);
  const reader = stream[Symbol.asyncIterator]();
  const next = reader.next();
  stream.take(missedEvent(9, 1));
  assert.deepEqual((await next).value, missedEvent(9, 7));
  const after = reader.next();
  stream.take(event(1));
  assert.equal((await after).value.sequence, 1);
  stream.end();
});
