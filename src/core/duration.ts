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

/** Milliseconds that `text` stands for; a bare number means seconds. `what` names it in the error. */
export function parseDurationMs(text: string, what: string): number {
  const parts = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)$/.exec(text.trim());
  const unitMs = UNIT_MS.get(parts?.[2] ?? "?");
  if (!parts || unitMs === undefined) {
    throw new UsageError(`Cannot read ${what} "${text}": a duration looks like 30, 1.5s, 5m, 1h or 7d`);
  }
  return Math.round(Number(parts[1]) * unitMs);
}
