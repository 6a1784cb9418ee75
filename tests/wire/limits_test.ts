import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, utf8 } from "../../src/core/bytes.ts";
import { ProtocolError } from "../../src/core/errors.ts";
import { decode, encode } from "../../src/wire/codec.ts";
import { BODY_LIMITS, checkPayload, MESSAGE_LIMITS, type PayloadLimits } from "../../src/wire/limits.ts";
import { test } from "../kit/test.ts";

const SMALL: PayloadLimits = {
  maxBytes: 4_096,
  maxDepth: 3,
  maxKeys: 4,
  maxItems: 5,
  maxStringBytes: 10,
  maxBinaryBytes: 12,
};

const list = (length: number) => Array.from({ length }, () => 0);
const map = (length: number) => Object.fromEntries(list(length).map((_, index) => [`k${index}`, 0]));

test("T22: checkPayload() takes what is at each limit and refuses what is one beyond it", () => {
  const table: readonly (readonly [string, unknown, unknown])[] = [
    ["depth", [[[0]]], [[[[0]]]]],
    ["depth of maps", { a: { b: { c: 0 } } }, { a: { b: { c: {} } } }],
    ["keys", map(4), map(5)],
    ["items", list(5), list(6)],
    ["string", "x".repeat(10), "x".repeat(11)],
    ["string in bytes, not letters", "ä".repeat(5), "ä".repeat(6)],
    ["key", { ["x".repeat(10)]: 0 }, { ["x".repeat(11)]: 0 }],
    ["binary", new Uint8Array(12), new Uint8Array(13)],
  ];
  for (const [name, good, bad] of table) {
    checkPayload(encode(good), SMALL);
    assert.throws(() => checkPayload(encode(bad), SMALL), ProtocolError, name);
  }
  assert.throws(() => checkPayload(Uint8Array.of(0xc0, 0xc0), SMALL), /1 bytes left over/);
  assert.throws(() => checkPayload(new Uint8Array(0), SMALL), ProtocolError);
  checkPayload(encode(list(4_090)), { ...SMALL, maxItems: 5_000 });
  assert.throws(() => checkPayload(encode(list(4_094)), { ...SMALL, maxItems: 5_000 }), /4097 bytes, limit 4096/);
});

test("T22: checkPayload() refuses a huge declared length at once, whatever the limits", () => {
  const headers: readonly (readonly number[])[] = [
    [0xdd, 0xff, 0xff, 0xff, 0xff], // array 32
    [0xdf, 0xff, 0xff, 0xff, 0xff], // map 32
    [0xdb, 0xff, 0xff, 0xff, 0xff], // str 32
    [0xc6, 0xff, 0xff, 0xff, 0xff], // bin 32
    [0xdd, 0x00, 0x98, 0x96, 0x80], // array 32 of exactly ten million, which BODY_LIMITS allow
    [0xdf, 0x00, 0x0f, 0x42, 0x40], // map 32 of a million
    [0xdc, 0xff, 0xff],
    [0xde, 0xff, 0xff],
    [0xda, 0xff, 0xff],
    [0xc5, 0xff, 0xff],
    [0x9f],
    [0x8f],
    [0xbf],
    [0xd9, 0xff],
    [0xc4, 0xff],
  ];
  for (const limits of [SMALL, MESSAGE_LIMITS, BODY_LIMITS]) {
    for (const header of headers) {
      const start = performance.now();
      assert.throws(() => decode(Uint8Array.from(header), limits), ProtocolError, String(header));
      assert.throws(() => decode(Uint8Array.from([0x91, ...header]), limits), ProtocolError, String(header));
      assert.ok(performance.now() - start < 250, `${String(header)} took long`);
    }
  }
});

test("T22: decode() refuses a depth bomb without running out of stack", () => {
  for (const opener of [[0x91], [0x81, 0xa1, 0x61], [0xdc, 0x00, 0x01], [0xdd, 0, 0, 0, 1]]) {
    const bomb = Uint8Array.from({ length: 200_000 * opener.length }, (_, at) => opener[at % opener.length] ?? 0);
    for (const limits of [MESSAGE_LIMITS, BODY_LIMITS]) assert.throws(() => decode(bomb, limits), ProtocolError);
  }
});

test("T22: decode() refuses every extension type and the byte that means nothing", () => {
  const table: readonly (readonly number[])[] = [
    [0xc1],
    [0xd4, 0x00, 0x00], // fixext 1: what msgpackr writes for undefined
    [0xd4, 0x72, 0x40], // fixext 1: its record
    [0xd5, 0x01, 0, 0],
    [0xd6, 0xff, 0, 0, 0, 0], // fixext 4: timestamp 32
    [0xd7, 0xff, 0, 0, 0, 0, 0, 0, 0, 0], // timestamp 64
    [0xd8, 0x01, ...list(16)],
    [0xc7, 12, 0xff, ...list(12)], // ext 8: timestamp 96
    [0xc7, 0, 0x65],
    [0xc8, 0, 1, 0x01, 0],
    [0xc9, 0, 0, 0, 1, 0x01, 0],
  ];
  for (const bytes of table) {
    assert.throws(() => decode(Uint8Array.from(bytes)), /is not allowed/, String(bytes));
    assert.throws(() => decode(Uint8Array.from([0x92, 0x01, ...bytes])), /is not allowed/, String(bytes));
    assert.throws(() => decode(Uint8Array.from([0x81, 0xa1, 0x61, ...bytes])), /is not allowed/, String(bytes));
  }
  for (const value of [undefined, new Date(0), { at: new Date(0) }, [undefined]]) {
    assert.throws(() => decode(encode(value)), ProtocolError);
  }
});

test('T5: decode() refuses the key "__proto__" however it is written', () => {
  const name = utf8("__proto__");
  const headers = [[0xa9], [0xd9, 9], [0xda, 0, 9], [0xdb, 0, 0, 0, 9]];
  for (const header of headers) {
    const bytes = concat(Uint8Array.of(0x81), Uint8Array.from(header), name, encode({ isAdmin: true }));
    assert.throws(() => decode(bytes), /__proto__/, String(header));
    assert.throws(() => decode(concat(Uint8Array.of(0x91), bytes)), /__proto__/);
  }
  // Overlong UTF-8 of "_": no reader may turn it into the name after the check.
  const overlong = concat(Uint8Array.of(0x81, 0xaa, 0xc1, 0x9f), name.subarray(1), encode({ isAdmin: true }));
  const value = decode(overlong) as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal("isAdmin" in value, false);
  for (const key of ["constructor", "prototype", "toString", "hasOwnProperty"]) {
    const decoded = decode(encode({ [key]: 1 })) as object;
    assert.deepEqual(Object.entries(decoded), [[key, 1]], "an own property and nothing more");
  }
});

test("T22: decode() refuses map keys that are no strings", () => {
  for (const key of [[0x01], [0xc0], [0xc3], [0xcb, ...list(8)], [0xc4, 1, 97], [0x90], [0x80], [0xff], [0xc1]]) {
    assert.throws(() => decode(Uint8Array.from([0x81, ...key, 0x01])), /a map key is no string/, String(key));
  }
});

test("decode() reads keys of any length up to the limit of a string", () => {
  for (const length of [0, 1, 31, 32, 255, 256, 65_535, 65_536]) {
    const value = { ["k".repeat(length)]: length };
    assert.deepEqual(decode(encode(value)), value);
  }
});

test("decode() takes the last value of a key that a map has twice, as its documentation says", () => {
  const twice = concat(Uint8Array.of(0x82), encode("a"), encode(1), encode("a"), encode(2));
  assert.deepEqual(decode(twice), { a: 2 });
});

test("T22: decode() gives a ProtocolError or a value within the limits, whatever the bytes are", () => {
  const within = (value: unknown, depth: number): void => {
    if (typeof value === "string") assert.ok(utf8(value).length <= 3 * SMALL.maxStringBytes); // U+FFFD takes three
    else if (value instanceof Uint8Array) assert.ok(value.length <= SMALL.maxBinaryBytes);
    else if (typeof value === "object" && value !== null) {
      assert.ok(depth < SMALL.maxDepth, "too deep");
      const items = Object.values(value);
      assert.ok(items.length <= (Array.isArray(value) ? SMALL.maxItems : SMALL.maxKeys));
      for (const item of items) within(item, depth + 1);
    } else assert.ok(["number", "bigint", "boolean"].includes(typeof value) || value === null, typeof value);
  };
  const byte = fc.oneof(fc.integer({ min: 0x80, max: 0xdf }), fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), (bytes) => {
      let value: unknown;
      try {
        value = decode(Uint8Array.from(bytes), SMALL);
      } catch (thrown) {
        return assert.ok(thrown instanceof ProtocolError, String(thrown));
      }
      within(value, 0);
    }),
    { numRuns: 5_000 },
  );
});
