/**
 * The report: one row for each thing measured, Brine first, then each peer with how many times worse it is.
 *
 * @module
 */
import type { Sample } from "./measure.ts";

/** What a figure counts, and whether little of it is good. */
export type Unit = "ms" | "jobs/s" | "MiB";

/** One thing that was measured. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly brine: Sample | undefined;
  /** By the name of a column. */
  readonly peers: Readonly<Record<string, Sample | undefined>>;
}

/** All that one run found. */
export interface Report {
  /** The machine, the versions, how the peers were asked. */
  readonly facts: readonly (readonly [string, string])[];
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** As text for a person. */
export function formatReport({ facts, rows, notes }: Report): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const table = columnsOf([
    ["", "Brine", ...peers],
    ...rows.map(({ what, unit, brine, peers: found }) => [
      what,
      brine ? `${figure(brine.median, unit)}${range(brine, unit)}` : "",
      ...peers.map((peer) => beside(brine, found[peer], unit)),
    ]),
  ]);
  const facing = columnsOf(facts.map(([name, value]) => [name, value]));
  return [facing, table, ...notes].join("\n\n") + "\n";
}

/** As one JSON document. */
export function formatReportJson({ facts, rows, notes }: Report): string {
  const withRatios = rows.map(({ what, unit, brine, peers }) => ({
    what,
    unit,
    brine: brine ?? null,
    peers: Object.fromEntries(
      Object.entries(peers).map((
        [name, sample],
      ) => [name, sample ? { ...sample, ratio: ratio(brine, sample, unit) } : null]),
    ),
  }));
  return JSON.stringify({ facts: Object.fromEntries(facts), rows: withRatios, notes }, undefined, 2) + "\n";
}

function beside(brine: Sample | undefined, peer: Sample | undefined, unit: Unit): string {
  if (!peer) return "";
  const times = ratio(brine, peer, unit);
  return `${figure(peer.median, unit)}${
    times === undefined ? "" : ` · ${times < 10 ? times.toFixed(1) : times.toFixed(0)}×`
  }`;
}

/** How many times worse the peer is: slower, larger, or fewer a second. */
function ratio(brine: Sample | undefined, peer: Sample, unit: Unit): number | undefined {
  if (!brine) return undefined;
  return unit === "jobs/s" ? brine.median / peer.median : peer.median / brine.median;
}

function range({ min, max, values }: Sample, unit: Unit): string {
  if (values.length < 2) return "";
  const isSeconds = unit === "ms" && max >= 1_000;
  const digits = (value: number) => (isSeconds ? (value / 1_000).toFixed(2) : value.toFixed(value < 10 ? 1 : 0));
  return ` (${digits(min)}–${digits(max)})`;
}

function figure(value: number, unit: Unit): string {
  if (unit === "ms" && value >= 1_000) return `${(value / 1_000).toFixed(value < 10_000 ? 2 : 1)} s`;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

/** Aligned columns, two spaces apart. */
function columnsOf(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) line.forEach((cell, at) => widths[at] = Math.max(widths[at] ?? 0, cell.length));
  return lines.map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ").trimEnd()).join("\n");
}
