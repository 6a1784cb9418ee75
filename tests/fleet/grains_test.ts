import assert from "node:assert/strict";
import process from "node:process";
import { until } from "../kit/until.ts";
import { test } from "../kit/test.ts";
import { startFleet } from "../kit/fleet.ts";

test("A minion looks at its machine again, and targets by grains follow what it finds", async () => {
  await using fleet = await startFleet({ minions: 1, minion: { grainsRefreshMs: 5 } });
  const brine = await fleet.client();
  const target = { kind: "grain", expression: "brine_test_mark:yes" } as const;
  await assert.rejects(brine.preview(target), /No minion matches/);
  const before = process.env["PATH"];
  try {
    process.env["PATH"] = `${before}:/brine-test-mark`; // a grain that this test can change
    const marked = { kind: "grain", expression: "systempath:/brine-test-mark" } as const;
    await until(
      "the new grains",
      async () => (await brine.preview(marked).catch(() => undefined))?.expected.length === 1,
    );
  } finally {
    process.env["PATH"] = before;
  }
});
