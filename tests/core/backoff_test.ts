import assert from "node:assert/strict";
import fc from "fast-check";
import { Backoff } from "../../src/core/backoff.ts";
import { test } from "../kit/test.ts";

const ceilings = (options: { firstMs: number; maxMs: number }, count: number) => {
  const backoff = new Backoff({ ...options, random: () => 1 - 2 ** -53 });
  return Array.from({ length: count }, () => backoff.nextMs());
};

test("Backoff doubles its ceiling up to the most, and stays there", () => {
  assert.deepEqual(ceilings({ firstMs: 100, maxMs: 1_000 }, 6), [100, 200, 400, 800, 1_000, 1_000]);
  const late = ceilings({ firstMs: 100, maxMs: 30_000 }, 5_000);
  assert.equal(late.at(-1), 30_000);
});

test("Backoff starts over after reset()", () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 1_000, random: () => 0.5 });
  assert.deepEqual([backoff.nextMs(), backoff.nextMs(), backoff.nextMs()], [50, 100, 200]);
  backoff.reset();
  assert.equal(backoff.nextMs(), 50);
});

test("Backoff waits anywhere between nothing and the ceiling: full jitter", () => {
  const options = fc.record({
    firstMs: fc.integer({ min: 1, max: 10_000 }),
    maxMs: fc.integer({ min: 1, max: 100_000 }),
  });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(options, chance, fc.nat(100), (bounds, random, attempt) => {
    const backoff = new Backoff({ ...bounds, random: () => random });
    let waitMs = 0;
    for (let i = 0; i <= attempt; i++) waitMs = backoff.nextMs();
    const ceilingMs = Math.min(bounds.maxMs, bounds.firstMs * 2 ** attempt);
    assert.ok(Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= ceilingMs, `${waitMs} of ${ceilingMs}`);
    assert.equal(waitMs, Math.round(random * ceilingMs));
  }));
});
