import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ProtocolError } from "../../src/core/errors.ts";
import { encodePublishHeader, HEADER_BYTES, readPublishHeader, SIGNATURE_BYTES } from "../../src/wire/publish.ts";
import { WIRE_VERSION } from "../../src/wire/version.ts";
import { test } from "../kit/test.ts";

const frameOf = (header: Uint8Array) => {
  const frame = new Uint8Array(HEADER_BYTES + SIGNATURE_BYTES);
  frame.set(header);
  return frame;
};

test("encodePublishHeader() writes topic, version, epoch and number at their places", () => {
  const header = encodePublishHeader({ epoch: 0x01020304, sequence: 0x05060708090a });
  assert.equal(Buffer.from(header).toString("hex"), "6a6f62" + "01" + "01020304" + "000005060708090a");
  assert.equal(WIRE_VERSION, 1, "a new version needs a line in the history of version.ts and the byte above");
});

test("readPublishHeader() gives back what encodePublishHeader() was given", () => {
  const headers = fc.record({ epoch: fc.nat(2 ** 32 - 1), sequence: fc.maxSafeNat() }, { noNullPrototype: true });
  fc.assert(fc.property(headers, (header) => {
    const inside = new Uint8Array([0, 0, 0, ...frameOf(encodePublishHeader(header))]).subarray(3);
    assert.deepEqual(readPublishHeader(inside), header);
  }));
});

test("encodePublishHeader() throws at a number that would not come back", () => {
  for (const sequence of [1.5, NaN, Infinity]) assert.throws(() => encodePublishHeader({ epoch: 1, sequence }));
});

test("T22: readPublishHeader() refuses other topics, other versions, numbers out of range and short frames", () => {
  const good = frameOf(encodePublishHeader({ epoch: 1, sequence: 1 }));
  for (let length = 0; length < good.length; length++) {
    assert.throws(() => readPublishHeader(good.subarray(0, length)), ProtocolError, `${length} bytes`);
  }
  for (const at of [0, 1, 2]) assert.throws(() => readPublishHeader(good.with(at, 0x78)), /topic/);
  for (const version of [0, WIRE_VERSION + 1, 255]) {
    assert.throws(() => readPublishHeader(good.with(3, version)), /version/);
  }
  assert.throws(() => readPublishHeader(good.with(8, 0xff)), /out of range/);
  assert.throws(() => readPublishHeader(good.with(9, 0x20)), /out of range/);
});
