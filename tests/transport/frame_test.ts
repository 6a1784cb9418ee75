/** Tests of the pure parts: frames, messages put together, subprotocols. @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtocolError } from "../../src/core/errors.ts";
import { decodeBody, decodeHasMore, encodeFrame, encodeFrames } from "../../src/transport/zws/frame.ts";
import { MessageReader } from "../../src/transport/zws/message_reader.ts";
import { chooseProtocol } from "../../src/transport/zws/protocol.ts";
import { test } from "../kit/test.ts";

const LIMITS = { maxFrameBytes: 64, maxFrames: 4 };

test("encodeFrame() puts the flag before the body, in an array of its own", () => {
  assert.deepEqual(encodeFrame(new Uint8Array([7, 8])), new Uint8Array([0, 7, 8]));
  assert.deepEqual(encodeFrame(new Uint8Array([7, 8]), true), new Uint8Array([1, 7, 8]));
  assert.deepEqual(encodeFrame(new Uint8Array(0)), new Uint8Array([0]));
  const message = encodeFrame(new Uint8Array(10));
  assert.equal(message.buffer.byteLength, 11); // one allocation, nothing pooled
});

test("decodeHasMore() and decodeBody() give back what encodeFrame() was given", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (body, hasMore) => {
    const message = encodeFrame(body, hasMore);
    assert.equal(decodeHasMore(message), hasMore);
    assert.deepEqual(decodeBody(message), body);
  }));
});

test("decodeHasMore() throws a ProtocolError for every flag but 0 and 1, and for none", () => {
  assert.throws(() => decodeHasMore(new Uint8Array(0)), ProtocolError);
  for (let flag = 2; flag < 256; flag++) assert.throws(() => decodeHasMore(new Uint8Array([flag, 0])), ProtocolError);
});

test("MessageReader gives back any message within the limits, one after another", () => {
  const message = fc.array(fc.uint8Array({ maxLength: 64 }), { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
    const reader = new MessageReader(LIMITS);
    assert.equal(reader.read(new Uint8Array([0, 1, 2])), undefined);
    for (const frames of messages) {
      const results = encodeFrames(frames).map((frame) => reader.read(frame));
      assert.deepEqual(results.pop(), frames);
      assert.ok(results.every((result) => result === undefined));
    }
  }));
});

test("MessageReader never throws anything but ProtocolError, and never exceeds its limits", () => {
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.uint8Array({ maxLength: 80 }).map((body) => encodeFrame(body, body.length % 2 === 0)),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(junk, { maxLength: 30 }), (messages) => {
      const reader = new MessageReader(LIMITS);
      for (const message of messages) {
        try {
          const frames = reader.read(message);
          assert.ok(!frames || frames.length <= LIMITS.maxFrames);
          assert.ok(!frames || frames.every((frame) => frame.length <= LIMITS.maxFrameBytes));
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("chooseProtocol() answers ZWS2.0 in its exact spelling, or nothing", () => {
  const name = fc.constantFrom("ZWS2.0", "ZWS2.0/NULL", "ZWS2.0/PLAIN", "zws2.0", "ZWS2", "chat", "");
  fc.assert(fc.property(fc.array(name), fc.constantFrom(",", ", ", " , "), (names, comma) => {
    assert.equal(chooseProtocol(names.join(comma)), names.includes("ZWS2.0") ? "ZWS2.0" : undefined);
  }));
  assert.equal(chooseProtocol(null), undefined);
});
