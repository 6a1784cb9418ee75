import assert from "node:assert/strict";
import fc from "fast-check";
import { fold } from "../../src/output/fold.ts";
import { formatRun } from "../../src/output/run_report.ts";
import { test } from "../kit/test.ts";
import { answer, run } from "./summary.ts";

function folded(values: Record<string, unknown>): string[] {
  const returns = Object.entries(values).map(([id, value]) => [id, answer(value)] as const);
  return fold(returns).map((group) => group.ids.toString());
}

test("fold() groups equal answers, the biggest group first, then by first id", () => {
  assert.deepEqual(folded({ c: 1, b: 2, a: 1, d: 3 }), ["a,c", "b", "d"]);
  assert.deepEqual(folded({ web10: 1, web9: 2 }), ["web9", "web10"]);
  assert.deepEqual(folded({}), []);
});

test("fold() compares values, not how they are written", () => {
  assert.deepEqual(folded({ a: { x: 1, y: [2] }, b: { y: [2], x: 1 } }), ["a,b"]);
  assert.deepEqual(folded({ a: new Uint8Array([1]), b: new Uint8Array([1]), c: new Uint8Array([2]) }), ["a,b", "c"]);
  assert.deepEqual(folded({ a: 1, b: 1n, c: "1" }), ["a,b", "c"]);
  assert.deepEqual(folded({ a: null, b: "null", c: [], d: {} }), ["a", "b", "c", "d"]);
  assert.deepEqual(folded({ a: { base64: "AQ==" }, b: new Uint8Array([1]) }), ["a", "b"]);
  assert.deepEqual(folded({ a: "<01>", b: new Uint8Array([1]) }), ["a", "b"]);
});

test("fold() keeps answers with different exit codes apart", () => {
  const groups = fold([["a", answer("x", 1)], ["b", answer("x", 2)], ["c", answer("x", 1)]]);
  assert.deepEqual(groups.map(({ ids, retcode, success }) => [ids.toString(), retcode, success]), [
    ["a,c", 1, false],
    ["b", 2, false],
  ]);
});

test("fold() puts every minion in exactly one group of its own value", () => {
  const returns = fc.dictionary(fc.stringMatching(/^[a-z]{1,2}$/), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(fc.property(returns, (values) => {
    const groups = fold(Object.entries(values).map(([id, value]) => [id, answer(value)] as const));
    assert.deepEqual(groups.flatMap(({ ids }) => [...ids]).sort(), Object.keys(values).sort());
    for (const { ids, value } of groups) {
      for (const id of ids) assert.deepEqual(normal(values[id]), normal(value));
    }
  }));
});

/** 0 and -0 print alike; they are one answer. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("formatRun() folds ten thousand answers quickly, equal or all different", async () => {
  const ids = Array.from({ length: 10_000 }, (_, n) => `web${String(n).padStart(5, "0")}.example.com`);
  const same = run(Object.fromEntries(ids.map((id) => [id, answer({ ok: true, lines: ["a", "b"] })])));
  const different = run(Object.fromEntries(ids.map((id) => [id, answer({ id, n: id.length })])));
  for (const summary of [same, different]) {
    const startMs = performance.now();
    const text = await formatRun(summary, "folded");
    // Generous: a quadratic fold takes a minute.
    assert.ok(performance.now() - startMs < 3_000, "quick");
    assert.match(text, /10000 of 10000 answered in 12 ms$/);
  }
  assert.match(await formatRun(same, "folded"), /^web\[00000-09999\]\.example\.com \(10000\):\n/);
});
