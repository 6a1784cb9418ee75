import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ProtocolError } from "../../src/core/errors.ts";
import { decode, decodeAs, encode } from "../../src/wire/codec.ts";
import { anyMap, jid } from "../../src/wire/fields.ts";
import { BODY_LIMITS, MESSAGE_LIMITS } from "../../src/wire/limits.ts";
import { replies } from "../../src/wire/operator_messages.ts";
import { test } from "../kit/test.ts";

/** Bytes as one class of bytes, so that only their content is compared. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

const text = fc.string({ unit: "binary", maxLength: 80 }); // any code points, no lone surrogates
const { tree: plainValues } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double().map((number) => number + 0), // msgpack writes -0 as the integer 0
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("tree"), { maxLength: 20 }),
    fc.dictionary(text.filter((key) => key !== "__proto__"), tie("tree"), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

test("decode() gives back whatever plain value encode() was given", () => {
  fc.assert(
    fc.property(plainValues, (value) => {
      assert.deepEqual(plain(decode(encode(value))), plain(value));
      assert.deepEqual(plain(decode(encode(value), BODY_LIMITS)), plain(value));
    }),
    { numRuns: 500 },
  );
});

test("decode() gives back values at the edges of msgpack's formats", () => {
  const numbers = [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -32, -33, -129, -(2 ** 31) - 1];
  const extremes = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1e300, Number.MIN_VALUE, NaN, Infinity];
  for (const number of [...numbers, ...extremes]) assert.ok(Object.is(decode(encode(number)), number), String(number));
  for (const length of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
    assert.equal(decode(encode("ü".repeat(length))), "ü".repeat(length));
    assert.deepEqual(plain(decode(encode(new Uint8Array(length)))), plain(new Uint8Array(length)));
    assert.equal((decode(encode(new Array(length).fill(null))) as unknown[]).length, length);
  }
});

test("decode() reads a 64-bit integer, as other implementations write times, as a number where it is exact", () => {
  const uint64 = (hex: string) => new Uint8Array(Buffer.from(`cf${hex}`, "hex"));
  assert.equal(decode(uint64("0000019365a1b2c3")), 0x19365a1b2c3);
  assert.equal(decode(uint64("001fffffffffffff")), Number.MAX_SAFE_INTEGER);
  assert.equal(decode(uint64("ffffffffffffffff")), 2n ** 64n - 1n);
  assert.equal(decode(new Uint8Array(Buffer.from("d3ffffffffffffffff", "hex"))), -1);
});

test("encode() leaves earlier results alone", () => {
  const first = encode({ text: "first" });
  const copy = Buffer.from(first).toString("hex");
  for (let i = 0; i < 1_000; i++) encode({ text: `later ${i}`, more: new Uint8Array(100) });
  assert.equal(Buffer.from(first).toString("hex"), copy);
});

test("T22: decode() refuses bytes beyond the limit before it reads them", () => {
  const beyond = new Uint8Array(MESSAGE_LIMITS.maxBytes + 1).fill(0xc1);
  assert.throws(() => decode(beyond), /2097153 bytes, limit 2097152/);
});

test("T21: a jid field refuses anything but a jid", () => {
  const good = "20261123071833123-k3f9a2";
  assert.equal(decodeAs("job id", jid, encode(good)), good);
  const bad: readonly unknown[] = [
    "",
    ` ${good}`,
    `${good}\n`,
    good.toUpperCase(),
    good.slice(1),
    `${good}0`,
    "..",
    7,
    null,
  ];
  for (const value of [...bad, good.replace("-", "/"), [good], { toString: good }, new Uint8Array(24), true]) {
    assert.throws(() => decodeAs("job id", jid, encode(value)), ProtocolError, JSON.stringify(value));
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 30 }), (value) => {
      if (/^[0-9]{17}-[0-9a-z]{6}$/.test(value)) return;
      assert.throws(() => decodeAs("job id", jid, encode(value)), ProtocolError);
    }),
  );
});

test("T22: a map field takes maps alone: bytes do not become a map of as many keys", () => {
  for (const value of [new Uint8Array(1_000_000), [], [1, 2], "text", null, 1]) {
    assert.throws(() => decodeAs("map", anyMap, encode(value)), ProtocolError);
  }
  const odd = { constructor: 1, prototype: 2, toString: 3 };
  assert.deepEqual(decodeAs("map", anyMap, encode(odd)), odd, "no key is lost");
});

test("a reply about ten thousand minions is within the limits", () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `node-${index}.rack-17.example.org`);
  const unreachable = Object.fromEntries(ids.map((id) => [id, 1_700_000_000_000]));
  const reply = decodeAs("reply", replies.run, encode({ expected: ids, unreachable }));
  assert.equal(Object.keys(reply.unreachable).length, 10_000);
});

test("a minion may be called constructor and is still counted", () => {
  const reply = decodeAs("reply", replies.run, encode({ expected: ["constructor"], unreachable: { constructor: 7 } }));
  assert.deepEqual(Object.entries(reply.unreachable), [["constructor", 7]]);
});
