/**
 * Made-up runs for the tests of reports.
 *
 * @module
 */
import type { MinionReturn, RunSummary } from "../../src/core/run_summary.ts";

/** An answer that took 5 ms. */
export function answer(value: unknown, retcode = 0): MinionReturn {
  return { return: value, retcode, success: retcode === 0, startedAt: 1_767_225_600_000, durationMs: 5 };
}

/** A run of `test.echo` that took 12 ms; `missing` maps ids to reasons. */
export function run(
  returns: Readonly<Record<string, MinionReturn>>,
  missing: Readonly<Record<string, string>> = {},
): RunSummary {
  const returned = new Map(Object.entries(returns));
  const silent = new Map(Object.entries(missing));
  return {
    jid: "20260101000000000000",
    target: "*",
    function: "test.echo",
    arguments: ["ok"],
    expected: [...returned.keys(), ...silent.keys()],
    returns: returned,
    missing: silent,
    ledger: {
      published: 0,
      delivered: 0,
      running: 0,
      returned: returned.size,
      failed: 0,
      expired: 0,
      unreachable: silent.size,
    },
    elapsedMs: 12,
  };
}
