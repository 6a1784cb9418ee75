import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_DURATION_MS, parseDurationMs } from "../../src/core/duration.ts";
import { UsageError } from "../../src/core/errors.ts";
import { test } from "../kit/test.ts";

test("parseDurationMs() reads every unit, fractions and spaces", () => {
  const table: readonly (readonly [string, number])[] = [
    ["30", 30_000],
    ["0", 0],
    ["1.5", 1_500],
    ["250ms", 250],
    ["1.5s", 1_500],
    ["90s", 90_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["0.5d", 43_200_000],
    [" 5 m ", 300_000],
    ["0.0004", 0],
    ["3650d", MAX_DURATION_MS],
  ];
  for (const [text, want] of table) assert.equal(parseDurationMs(text, "--timeout"), want, text);
});

test("parseDurationMs() refuses everything else and names what it was for", () => {
  const bad = [
    "",
    " ",
    "s",
    "-1",
    "+1",
    "1e3",
    ".5",
    "5.",
    "1,5",
    "5 minutes",
    "1h30m",
    "0x10",
    "NaN",
    "Infinity",
    "5w",
    "５",
  ];
  for (const text of bad) {
    assert.throws(
      () => parseDurationMs(text, "--timeout"),
      { name: "UsageError", message: /^Cannot read --timeout "/ },
      text,
    );
  }
  for (const text of ["3651d", "9".repeat(400), `${"9".repeat(400)}d`]) {
    assert.throws(() => parseDurationMs(text, "--timeout"), /^UsageError: Cannot use --timeout ".*": at most 3650d$/);
  }
});

test("parseDurationMs() gives a whole number of milliseconds or a UsageError", () => {
  fc.assert(fc.property(fc.string({ maxLength: 12 }), (text) => {
    try {
      assert.ok(Number.isSafeInteger(parseDurationMs(text, "x")));
    } catch (thrown) {
      assert.ok(thrown instanceof UsageError);
    }
  }));
  const units = fc.constantFrom(["ms", 1], ["s", 1_000], ["m", 60_000], ["h", 3_600_000], ["", 1_000]);
  fc.assert(fc.property(fc.nat(10_000), units, (count, [unit, unitMs]) => {
    assert.equal(parseDurationMs(`${count}${unit}`, "x"), count * Number(unitMs));
  }));
});
