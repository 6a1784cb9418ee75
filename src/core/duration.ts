/**
 * Durations as people write them: `30`, `1.5s`, `90s`, `5m`, `1h`, `7d`.
 *
 * @module
 */
import { UsageError } from "./errors.ts";

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["", 1000],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** Ten years: whoever writes more means "never", and sums with the present stay dates. */
export const MAX_DURATION_MS = 3_650 * 86_400_000;

/** Milliseconds that `text` stands for; a bare number means seconds. `what` names it in the error. */
export function parseDurationMs(text: string, what: string): number {
  const parts = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)$/.exec(text.trim());
  const unitMs = UNIT_MS.get(parts?.[2] ?? "?");
  if (!parts || unitMs === undefined) {
    throw new UsageError(`Cannot read ${what} "${text.slice(0, 40)}": a duration looks like 30, 1.5s, 5m, 1h or 7d`);
  }
  const durationMs = Math.round(Number(parts[1]) * unitMs);
  if (durationMs > MAX_DURATION_MS) throw new UsageError(`Cannot use ${what} "${text.slice(0, 40)}": at most 3650d`);
  return durationMs;
}
