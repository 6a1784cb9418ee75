/**
 * Runs jobs side by side, at most so many at once; the others wait their turn in order. Whatever a job does, there is
 * one outcome, and it is in the spool before anybody hears of it.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { reasonOf } from "../core/errors.ts";
import type { Jid } from "../core/jid.ts";
import type { Log } from "../core/log.ts";
import { encode } from "../wire/codec.ts";
import type { Job } from "../wire/publish.ts";
import { callFunction, type CallOutcome, RETCODE_FAILED, RETCODE_KILLED } from "./functions/call.ts";
import type { CallContext } from "./functions/function.ts";
import { plainValue } from "./plain_value.ts";
import type { Spool, SpooledHead } from "./spool.ts";

/** Jobs that may wait for their turn; beyond this a job is answered with a refusal at once. */
const MAX_WAITING = 1_024;

/** A job that is here longer than this is announced as running, also one that waits; shorter ones save that message. */
const RUNNING_AFTER_MS = 250;

/** What the executor needs of its surroundings. */
export interface ExecutorOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly spool: Spool;
  readonly maxRunning: number;
  /** Everything that a function sees but the signal. */
  readonly context: Omit<CallContext, "signal">;
  /** A return is in the spool. */
  readonly onReturn: (head: SpooledHead, body: Uint8Array) => void;
  /** These jobs have been here for a while. */
  readonly onRunning: (jids: readonly Jid[]) => void;
}

/** Jobs at work. */
export class Executor implements AsyncDisposable {
  readonly #options: ExecutorOptions;
  readonly #running = new Map<Jid, AbortController>();
  readonly #waiting: Job[] = [];
  readonly #tasks = new Set<Promise<void>>();
  /** Jobs here of which the master was not told, with the time they came. */
  readonly #unannounced = new Map<Jid, number>();
  #announcer: Disposable | undefined;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** Jobs that are here: those that run and those that wait for their turn. */
  get jids(): Jid[] {
    return [...this.#running.keys(), ...this.#waiting.map(({ jid }) => jid)];
  }

  /** Runs a job now, or when its turn comes. */
  start(job: Job): void {
    const isFull = this.#running.size >= this.#options.maxRunning;
    if (isFull && this.#waiting.length >= MAX_WAITING) {
      return this.refuse(job, `Cannot run ${job.function}: ${MAX_WAITING} jobs wait on this minion already`);
    }
    this.#unannounced.set(job.jid, this.#options.clock.now());
    this.#announceLater();
    if (isFull) this.#waiting.push(job);
    else this.#run(job);
  }

  /** Kills a job: one that runs ends with retcode 130, one that waits is never started. */
  kill(jid: Jid): void {
    this.#running.get(jid)?.abort();
    const index = this.#waiting.findIndex((job) => job.jid === jid);
    const [job] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (job) this.refuse(job, `Cannot run ${job.function}: the job was killed before its turn came`, RETCODE_KILLED);
  }

  /** Answers a job that is not run. */
  refuse(job: Job, reason: string, retcode = RETCODE_FAILED): void {
    const startedAt = this.#options.clock.now();
    this.#settle(job.jid, { return: reason, retcode, success: false, startedAt, durationMs: 0 });
  }

  /** Kills everything that runs, waits until it has ended, and answers what never had its turn. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const job of this.#waiting.splice(0)) {
      this.refuse(job, `Cannot run ${job.function}: the minion stopped before its turn came`, RETCODE_KILLED);
    }
    for (const running of this.#running.values()) running.abort();
    await Promise.all(this.#tasks);
    this.#announcer?.[Symbol.dispose]();
  }

  #run(job: Job): void {
    const { context } = this.#options;
    const running = new AbortController();
    this.#running.set(job.jid, running);
    const task = callFunction(context.functions, job, { ...context, signal: running.signal }).then((outcome) => {
      this.#running.delete(job.jid);
      this.#tasks.delete(task);
      this.#settle(job.jid, outcome);
      const next = this.#waiting.shift();
      if (next) this.#run(next);
    });
    this.#tasks.add(task);
  }

  /** Never throws: whatever became of the job, the next one has its turn. */
  #settle(jid: Jid, { return: value, ...rest }: CallOutcome): void {
    const { spool, log, onReturn } = this.#options;
    this.#unannounced.delete(jid);
    try {
      const body = encode(plainValue(value));
      onReturn(spool.put({ jid, ...rest }, body), body);
    } catch (thrown) {
      log.error(`Cannot keep the return of ${jid}: ${reasonOf(thrown)}`);
      this.#reportUnspooled(jid, rest, reasonOf(thrown));
    }
  }

  /** The disk is full: the master is told that the job ran and that its output could not be kept. */
  #reportUnspooled(jid: Jid, rest: Omit<CallOutcome, "return">, reason: string): void {
    const text = `The job ran (retcode ${rest.retcode}), but its return could not be kept on the minion: ${reason}`;
    const body = encode(text);
    const retcode = rest.retcode || RETCODE_FAILED;
    const head = { jid, ...rest, retcode, success: false, sizeBytes: body.length };
    this.#options.onReturn({ ...head, hash: this.#options.spool.hash(body) }, body);
  }

  #announceLater(): void {
    this.#announcer ??= this.#options.clock.after(RUNNING_AFTER_MS, () => this.#announce());
  }

  #announce(): void {
    this.#announcer = undefined;
    const before = this.#options.clock.now() - RUNNING_AFTER_MS;
    const old = [...this.#unannounced].filter(([, at]) => at <= before).map(([jid]) => jid);
    for (const jid of old) this.#unannounced.delete(jid);
    if (old.length > 0) this.#options.onRunning(old);
    if (this.#unannounced.size > 0) this.#announceLater();
  }
}
