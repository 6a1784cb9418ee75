/**
 * Measuring: how long a command takes from start to exit, how often something can be done in a while, and how much
 * memory processes hold. A figure is a median with the range around it, because the machine is never quite quiet.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

/** Some measurements of one thing. */
export interface Sample {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly values: readonly number[];
}

/** How often a command is repeated, and what it sees. */
export interface TimingOptions {
  readonly times: number;
  /** Runs that are not counted, so that files are in the page cache. @default 1 */
  readonly warmUps?: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** No command here may take longer than this: Ansible needs more than a minute for fifty machines. */
const COMMAND_TIMEOUT_MS = 600_000;

/** The median of `values` and their range. */
export function sampleOf(values: readonly number[]): Sample {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? NaN;
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1), values };
}

/** Milliseconds from start to exit of a command, over and over; throws when it does not exit with 0. */
export function timeCommand(command: readonly string[], options: TimingOptions): Sample {
  const { times, warmUps = 1, environment = {} } = options;
  const durations: number[] = [];
  for (let run = -warmUps; run < times; run++) {
    const startedAt = performance.now();
    runCommand(command, environment);
    if (run >= 0) durations.push(performance.now() - startedAt);
  }
  return sampleOf(durations);
}

/** What a command writes to stdout; throws when it does not exit with 0. */
export function runCommand(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): string {
  const [program = "", ...words] = command;
  const { status, error, stdout, stderr } = spawnSync(program, words, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    timeout: COMMAND_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw new Error(`Cannot run ${program}: ${error.message}`, { cause: error });
  if (status === 0) return stdout;
  throw new Error(`Cannot measure ${command.join(" ")}: it ended with ${status}: ${(stderr || stdout).slice(0, 600)}`);
}

/** How often a second `work` can be done one after the other, in each of `rounds` rounds of about `roundMs`. */
export async function rateOf(
  work: () => void | Promise<void>,
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<Sample> {
  const rates: number[] = [];
  await work(); // not counted
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    let done = 0;
    while (performance.now() - startedAt < roundMs) {
      await work();
      done++;
    }
    rates.push((done * 1_000) / (performance.now() - startedAt));
  }
  return sampleOf(rates);
}

/** Resident memory of one process, in MiB. */
export interface Memory {
  /** Every page that it touches, shared or not. */
  readonly rss: number;
  /** Shared pages divided by the number of those who share them. */
  readonly pss: number;
}

/** What /proc says of a process; undefined where there is no /proc. */
export function memoryOf(pid: number): Memory | undefined {
  const path = `/proc/${pid}/smaps_rollup`;
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const mebibytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1_024;
  return { rss: mebibytes("Rss"), pss: mebibytes("Pss") };
}

/** Waits until `isDone` says so; throws after `limitMs`. */
export async function until(what: string, limitMs: number, isDone: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + limitMs; !await isDone();) {
    if (performance.now() > deadline) throw new Error(`Cannot go on: no ${what} within ${limitMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
