/**
 * How long ago something was, in one word or two: a column of a table.
 *
 * @module
 */
import { formatDuration } from "./duration.ts";

/** `5 s ago`, `2 h 3 min ago`; `just now` within a second, and for clocks that disagree. */
export function formatAge(atMs: number, nowMs: number): string {
  const ageMs = nowMs - atMs;
  if (!(ageMs >= 1000)) return "just now";
  // Tenths of a second say nothing about an age.
  return `${ageMs < 60_000 ? `${Math.floor(ageMs / 1000)} s` : formatDuration(ageMs)} ago`;
}
