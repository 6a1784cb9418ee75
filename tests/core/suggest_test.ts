import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance, suggest } from "../../src/core/suggest.ts";
import { test } from "../kit/test.ts";

test("suggest() finds the command that a slip turned into the word", () => {
  const commands = ["master", "minion", "minions", "run", "jobs", "key", "events"];
  const cases = [["mniion", "minion"], ["jbos", "jobs"], ["KEY", "key"], ["event", "events"], ["runn", "run"]] as const;
  for (const [word, want] of cases) assert.equal(suggest(word, commands), want, word);
});

test("suggest() is silent when nothing is near", () => {
  assert.equal(suggest("frobnicate", ["master", "minion"]), undefined);
  assert.equal(suggest("x", ["y"]), undefined);
  assert.equal(suggest("", ["a"]), undefined);
  assert.equal(suggest("a".repeat(100_000), ["a"]), undefined);
});

test("editDistance() counts a swap of neighbours once", () => {
  assert.equal(editDistance("jbos", "jobs"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("", "abc"), 3);
});

test("editDistance() is symmetric and zero only for equal words", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(fc.property(word, word, (a, b) => {
    assert.equal(editDistance(a, b), editDistance(b, a));
    assert.equal(editDistance(a, b) === 0, a === b);
  }));
});
