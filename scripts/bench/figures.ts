/**
 * What is measured, and the figures of Salt that stand in where Salt is not installed.
 *
 * @module
 */
import { type Sample, sampleOf } from "./measure.ts";
import type { Part } from "./process_tree.ts";
import type { Row, Unit } from "./report.ts";

/** One program's figures; what it cannot do is left out. */
export interface Figures {
  /** Milliseconds from the client's start to its exit, one machine. */
  readonly one?: Sample;
  /** The same, many machines. */
  readonly many?: Sample;
  /** Milliseconds to say its version: the floor of a process. */
  readonly version?: Sample;
  /** Jobs a second on one machine, one client process for each. */
  readonly jobs?: Sample;
  /** The same over one session of the library. */
  readonly warmJobs?: Sample;
  /** Milliseconds from start until many answer. */
  readonly start?: Sample;
  /** MiB. */
  readonly minionRss?: Sample;
  readonly minionPss?: Sample;
  readonly masterRss?: Sample;
  readonly masterPss?: Sample;
  /** The processes that the master's memory is the sum of. */
  readonly masterParts?: readonly Part[];
}

/** Two passes as one: what was timed is put together, memory is that of the first. */
export function together(first: Figures, second: Figures): Figures {
  const both = (name: keyof Omit<Figures, "masterParts">) => {
    const values = [first[name], second[name]].flatMap((sample) => sample?.values ?? []);
    return values.length === 0 ? {} : { [name]: sampleOf(values) };
  };
  const timed = ["one", "many", "version", "jobs", "warmJobs", "start"] as const;
  return Object.assign({ ...first }, ...timed.map(both));
}

/** The lines of the report, in its order. */
export function rowsOf(minions: number, brine: Figures, peers: Readonly<Record<string, Figures>>): Row[] {
  const row = (what: string, unit: Unit, name: keyof Omit<Figures, "masterParts">): Row => ({
    what,
    unit,
    brine: brine[name],
    peers: Object.fromEntries(Object.entries(peers).map(([peer, figures]) => [peer, figures[name]])),
  });
  return [
    row("ping 1 machine, client start to exit", "ms", "one"),
    row(`ping ${minions} machines, client start to exit`, "ms", "many"),
    row("jobs in sequence, one client process each", "jobs/s", "jobs"),
    row("jobs in sequence, one warm library client", "jobs/s", "warmJobs"),
    row(`start of ${minions} minions until all answer`, "ms", "start"),
    row("a minion, RSS (mean)", "MiB", "minionRss"),
    row("a minion, PSS (mean)", "MiB", "minionPss"),
    row(`master with ${minions} minions, RSS`, "MiB", "masterRss"),
    row(`master with ${minions} minions, PSS`, "MiB", "masterPss"),
    row("version, start to exit", "ms", "version"),
  ];
}

/** The memory of each of the master's processes, as a note. */
export function partsNote(figures: Figures): string {
  const lines = (figures.masterParts ?? []).map(({ name, rss, pss }) => {
    return `  ${rss.toFixed(0).padStart(4)} ${pss.toFixed(1).padStart(5)}  ${name}`;
  });
  return ["The tree's processes, RSS and PSS in MiB:", ...lines].join("\n");
}

const elsewhere = (value: number): Sample => sampleOf([value]);

/** The heading and the footnote of {@link saltElsewhere}. */
export const SALT_ELSEWHERE = {
  column: "Salt 3006.0 *",
  note:
    "* not installed here: measured elsewhere, by us, on a similar machine (two cores), November 2026, with 1 and " +
    "with 50 minions: docs/benchmarks.md. A warm LocalClient took 59 ms a job.",
} as const;

/** What holds whatever the number of machines. */
const SALT_WITH_ONE: Figures = {
  one: elsewhere(660),
  version: elsewhere(300),
  jobs: elsewhere(5.8),
  warmJobs: elsewhere(1_000 / 59),
};

const SALT_WITH_FIFTY: Figures = {
  many: elsewhere(2_340),
  start: elsewhere(61_000),
  minionRss: elsewhere(89),
  minionPss: elsewhere(58),
  masterRss: elsewhere(710),
  masterPss: elsewhere(229),
};

/** Salt 3006.0 on a similar machine; not measured in this run. It was measured with fifty, so only fifty compare. */
export function saltElsewhere(minions: number): Figures {
  return minions === 50 ? { ...SALT_WITH_ONE, ...SALT_WITH_FIFTY } : SALT_WITH_ONE;
}
