import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtocolError } from "../../src/core/errors.ts";
import { isJid, newJid, parseJid } from "../../src/core/jid.ts";
import { test } from "../kit/test.ts";

const at = Date.UTC(2026, 10, 23, 7, 18, 33, 123);

test("newJid() writes the time in UTC and six letters of chance", () => {
  assert.equal(newJid(at, () => 0), "20261123071833123-000000");
  assert.equal(newJid(at, () => 1 - 2 ** -53), "20261123071833123-zzzzzz");
  assert.equal(newJid(at, () => 0.5), "20261123071833123-i00000");
  assert.equal(newJid(0, () => 0), "19700101000000000-000000");
});

test("newJid() gives ids that parseJid() takes, and that sort by time", () => {
  const times = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(times, times, chance, chance, (a, b, x, y) => {
    const [first, second] = [newJid(a, () => x), newJid(b, () => y)];
    assert.equal(parseJid(first), first);
    if (a !== b) assert.equal(first < second, a < b);
  }));
});

test("newJid() throws at a time that has no four-digit year instead of making an id that nobody takes", () => {
  for (const time of [Date.UTC(10_000, 0), -1e15, NaN, Infinity]) assert.throws(() => newJid(time, () => 0));
});

test("T21: parseJid() refuses anything that is not exactly a job id", () => {
  const good = "20261123071833123-k3f9a2";
  const bad = [
    "",
    "..",
    good.slice(1),
    good + "0",
    good.toUpperCase(),
    ` ${good}`,
    `${good}\n`,
    `${good}\0`,
    `../${good}`,
  ];
  const digits = ["２０２６1123071833123-k3f9a2", good.replace("-", "/"), good.replace("-", ""), `${good},${good}`];
  for (const text of [...bad, ...digits]) {
    assert.equal(isJid(text), false, text);
    assert.throws(() => parseJid(text), ProtocolError, text);
  }
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
    assert.equal(isJid(text), /^[0-9]{17}-[0-9a-z]{6}$/.test(text) && !text.endsWith("\n"));
  }));
});

test("parseJid() never repeats hostile text as it came", () => {
  assert.throws(() => parseJid("\u001b[2J\u009b\n\u202e"), (thrown) => {
    assert.ok(thrown instanceof ProtocolError);
    assert.doesNotMatch(thrown.message, /[\p{Cc}\u202e]/u);
    return true;
  });
});
