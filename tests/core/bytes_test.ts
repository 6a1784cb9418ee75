import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, sameBytes, textOf, utf8 } from "../../src/core/bytes.ts";
import { test } from "../kit/test.ts";

const parts = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });

test("textOf() gives back what utf8() was given, a byte order mark too", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => assert.equal(textOf(utf8(text)), text)));
  for (const text of ["", "\ufeff", "\ufeffx", "\0", "日本", "\u{1f600}"]) assert.equal(textOf(utf8(text)), text);
});

test("textOf() never throws: what is no UTF-8 becomes U+FFFD", () => {
  assert.equal(textOf(Uint8Array.of(0x61, 0xff, 0x62)), "a\ufffdb");
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void textOf(bytes)));
});

test("concat() is all parts in order, in an array of its own", () => {
  fc.assert(fc.property(parts, (list) => {
    assert.deepEqual([...concat(...list)], list.flatMap((part) => [...part]));
  }));
  const part = Uint8Array.of(1, 2);
  const whole = concat(part);
  part[0] = 9;
  assert.deepEqual([...whole], [1, 2]);
  assert.equal(concat().length, 0);
  assert.deepEqual([...concat(Uint8Array.of(9, 1, 2, 9).subarray(1, 3))], [1, 2]);
});

test("sameBytes() compares content, not identity", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
    assert.equal(sameBytes(a, b), [...a].join() === [...b].join() && a.length === b.length);
    assert.equal(sameBytes(a, a.slice()), true);
    assert.equal(sameBytes(a, Uint8Array.of(...a, 0)), false);
  }));
});
