/**
 * Spans of time as people say them: `12 ms`, `1.3 s`, `2 min 5 s`.
 *
 * @module
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The span in its largest unit, and the next one where that still says something. */
export function formatDuration(durationMs: number): string {
  const ms = Number.isFinite(durationMs) ? Math.max(0, durationMs) : 0;
  // Compared after rounding, so that 59,960 ms is "1 min" and never "60.0 s".
  if (Math.round(ms) < SECOND_MS) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND_MS) * SECOND_MS;
  if (seconds < HOUR_MS) return twoUnits(seconds, { unitMs: MINUTE_MS, unit: "min", partMs: SECOND_MS, part: "s" });
  if (seconds < DAY_MS) return twoUnits(seconds, { unitMs: HOUR_MS, unit: "h", partMs: MINUTE_MS, part: "min" });
  return twoUnits(seconds, { unitMs: DAY_MS, unit: "d", partMs: HOUR_MS, part: "h" });
}

function twoUnits(
  ms: number,
  { unitMs, unit, partMs, part }: { unitMs: number; unit: string; partMs: number; part: string },
): string {
  const parts = Math.floor((ms % unitMs) / partMs);
  return `${Math.floor(ms / unitMs)} ${unit}${parts > 0 ? ` ${parts} ${part}` : ""}`;
}
