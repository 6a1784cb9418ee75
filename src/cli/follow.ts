/**
 * Waiting for a job on a terminal: progress while it goes on, the report at its end, and what Ctrl-C leaves behind.
 *
 * @module
 */
import type { Job } from "../client/brine.ts";
import type { Jid } from "../core/jid.ts";
import { reasonOf, UnreachableError } from "../core/errors.ts";
import { formatJson } from "../output/json.ts";
import type { RunFormat } from "../output/run_formats.ts";
import { formatRun } from "../output/run_report.ts";
import { isFailure, type RunSummary } from "../core/run_summary.ts";
import { NodeSet } from "../target/node_set.ts";
import { terminal, writeError, writeOut } from "../runtime/terminal.ts";
import { EXIT } from "./exit_codes.ts";
import { styleFor } from "./surroundings.ts";

/** What decides how a job is shown. */
export interface FollowOptions {
  readonly json?: boolean;
  readonly ndjson?: boolean;
  readonly out?: RunFormat;
}

/** Progress is drawn at most this often. */
const DRAW_EVERY_MS = 100;

/** Waits for a job until it is over or `signal` aborts, prints it, and gives the exit code. */
export async function followJob(
  first: Job,
  options: FollowOptions,
  { signal, reattach }: Disturbances,
): Promise<number> {
  const told = new Set<string>();
  let job = first;
  for (;;) {
    const stop = () => job.stop();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      await showProgress(job, options, told);
      break;
    } catch (thrown) {
      const again = await reattached(job, thrown, reattach);
      if (!again) {
        await printSummary(job.summary(), options); // what came before it broke off is not lost
        throw goesOnWithoutUs(job, thrown);
      }
      job = again;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
  const summary = job.summary();
  await printSummary(summary, options);
  if (signal.aborted) {
    const { silent } = job.progress;
    const rest = silent.length === 0
      ? "everyone has answered"
      : `${NodeSet.of(silent)} (${silent.length}) still at work`;
    writeError(
      `brine: interrupted: ${rest}; the job goes on: brine jobs attach ${job.jid}, brine jobs kill ${job.jid}\n`,
    );
    return EXIT.interrupted;
  }
  return exitCodeOfRun(summary);
}

/** What may come in between. */
export interface Disturbances {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Follows the job over a new connection, when the one that we had is lost. */
  readonly reattach: (jid: Jid) => Promise<Job>;
}

async function showProgress(job: Job, options: FollowOptions, told: Set<string>): Promise<void> {
  using progress = new Progress(job);
  for await (const answer of job) {
    if (options.ndjson && !told.has(answer.minion)) writeOut(`${formatJson({ jid: job.jid, ...answer })}\n`);
    told.add(answer.minion);
    progress.draw();
  }
}

/** The same job over a new connection; undefined when there is none to be had. */
async function reattached({ jid }: Job, thrown: unknown, reattach: Disturbances["reattach"]): Promise<Job | undefined> {
  if (!(thrown instanceof UnreachableError) || jid === undefined) return undefined;
  try {
    return await reattach(jid);
  } catch {
    return undefined; // the first error says why
  }
}

/** The same kind of error, which says besides what becomes of the job. */
function goesOnWithoutUs({ jid }: Job, thrown: unknown): Error {
  const text = `Cannot follow job ${jid}: ${reasonOf(thrown)}; the minions go on: see brine jobs show ${jid} later`;
  return thrown instanceof UnreachableError
    ? new UnreachableError(text, { cause: thrown })
    : new Error(text, { cause: thrown });
}

/** Prints a summary in the format asked for; the folded text is the default. */
export async function printSummary(summary: RunSummary, { json, ndjson, out }: FollowOptions): Promise<void> {
  if (ndjson) {
    const { jid, missing, ledger } = summary;
    writeOut(`${formatJson({ jid, missing: [...missing.keys()], ledger })}\n`);
    return;
  }
  const text = await formatRun(summary, json ? "json" : out ?? "folded", styleFor());
  writeOut(`${text}\n`);
}

/** 3 when someone did not answer, else 1 when a function failed, else 0. */
export function exitCodeOfRun({ missing, returns }: RunSummary): number {
  if (missing.size > 0) return EXIT.missing;
  return [...returns.values()].some(isFailure) ? EXIT.failed : EXIT.ok;
}

/** The line that a person sees while a job goes on. */
class Progress implements Disposable {
  readonly #job: Pick<Job, "progress">;
  readonly #isShown: boolean;
  readonly #columns: number;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #drawnAt = performance.now(); // nothing is drawn for a job that is over at once
  #isDrawn = false;

  constructor(job: Pick<Job, "progress">) {
    const { isTerminal, columns } = terminal("stderr");
    this.#job = job;
    this.#isShown = isTerminal;
    this.#columns = columns;
    if (isTerminal) this.#timer = setInterval(() => this.draw(), DRAW_EVERY_MS);
  }

  draw(): void {
    if (!this.#isShown || performance.now() - this.#drawnAt < DRAW_EVERY_MS) return;
    this.#drawnAt = performance.now();
    const { answered, expected, silent } = this.#job.progress;
    const waiting = silent.length === 0 ? "" : `, waiting for ${NodeSet.of(silent.slice(0, 200))}`;
    writeError(`\r\x1b[K${`${answered}/${expected}${waiting}`.slice(0, this.#columns - 1)}`);
    this.#isDrawn = true;
  }

  clear(): void {
    if (this.#isDrawn) writeError("\r\x1b[K");
    this.#isDrawn = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }
}
