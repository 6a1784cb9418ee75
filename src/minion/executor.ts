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
import { callFunction, type CallOutcome } from "./functions/call.ts";
import type { CallContext } from "./functions/function.ts";
import { plainValue } from "./plain_value.ts";
import type { Spool, SpooledHead } from "./spool.ts";

/** Jobs that may wait for their turn; beyond this a job is answered with a refusal at once. */
const MAX_WAITING = 1_024;

/** A job that takes longer than this is announced as running; shorter ones save that message. */
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
  /** These jobs have been running for a while. */
  readonly onRunning: (jids: readonly Jid[]) => void;
}

interface Running {
  readonly kill: AbortController;
  isAnnounced: boolean;
  readonly startedAt: number;
}

/** Jobs at work. */
export class Executor implements AsyncDisposable {
  readonly #options: ExecutorOptions;
  readonly #running = new Map<Jid, Running>();
  readonly #waiting: Job[] = [];
  readonly #tasks = new Set<Promise<void>>();
  #announcer: Disposable | undefined;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** Jobs that run now. */
  get running(): Jid[] {
    return [...this.#running.keys()];
  }

  /** Runs a job now, or when its turn comes. */
  start(job: Job): void {
    if (this.#running.size < this.#options.maxRunning) return this.#run(job);
    if (this.#waiting.length < MAX_WAITING) return void this.#waiting.push(job);
    this.refuse(job, `Cannot run ${job.function}: ${MAX_WAITING} jobs wait on this minion already`);
  }

  /** Kills a job: one that runs ends with retcode 130, one that waits is never started. */
  kill(jid: Jid): void {
    this.#running.get(jid)?.kill.abort();
    const index = this.#waiting.findIndex((job) => job.jid === jid);
    const [job] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (job) this.refuse(job, `Cannot run ${job.function}: the job was killed before its turn came`, 130);
  }

  /** Answers a job that is not run. */
  refuse(job: Job, reason: string, retcode = 1): void {
    const startedAt = this.#options.clock.now();
    this.#settle(job.jid, { return: reason, retcode, success: false, startedAt, durationMs: 0 });
  }

  /** Kills everything that runs and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#waiting.length = 0;
    for (const { kill } of this.#running.values()) kill.abort();
    await Promise.all(this.#tasks);
    this.#announcer?.[Symbol.dispose]();
  }

  #run(job: Job): void {
    const { clock } = this.#options;
    const kill = new AbortController();
    this.#running.set(job.jid, { kill, isAnnounced: false, startedAt: clock.now() });
    this.#announcer ??= clock.after(RUNNING_AFTER_MS, () => this.#announce());
    const task = this.#call(job, kill.signal).then((outcome) => {
      this.#running.delete(job.jid);
      this.#settle(job.jid, outcome);
      const next = this.#waiting.shift();
      if (next) this.#run(next);
    }).finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }

  async #call(job: Job, signal: AbortSignal): Promise<CallOutcome> {
    const { context } = this.#options;
    return await callFunction(context.functions, job, { ...context, signal });
  }

  #settle(jid: Jid, { return: value, ...rest }: CallOutcome): void {
    const { spool, log, onReturn } = this.#options;
    const body = encode(plainValue(value));
    try {
      onReturn(spool.put({ jid, ...rest }, body), body);
    } catch (thrown) {
      this.#reportUnspooled(jid, rest, reasonOf(thrown));
      log.error(`Cannot keep the return of ${jid}: ${reasonOf(thrown)}`);
    }
  }

  /** The disk is full: the master is told that the job ran and that its output could not be kept. */
  #reportUnspooled(jid: Jid, rest: Omit<CallOutcome, "return">, reason: string): void {
    const text = `The job ran (retcode ${rest.retcode}), but its return could not be kept on the minion: ${reason}`;
    const body = encode(text);
    const retcode = rest.retcode || 1;
    const head = { jid, ...rest, retcode, success: false, sizeBytes: body.length };
    this.#options.onReturn({ ...head, hash: this.#options.spool.hash(body) }, body);
  }

  #announce(): void {
    this.#announcer = undefined;
    const { clock, onRunning } = this.#options;
    const before = clock.now() - RUNNING_AFTER_MS;
    const old = [...this.#running].filter(([, job]) => !job.isAnnounced && job.startedAt <= before);
    for (const [, job] of old) job.isAnnounced = true;
    if (old.length > 0) onRunning(old.map(([jid]) => jid));
    const isAnyLeft = [...this.#running.values()].some((job) => !job.isAnnounced);
    if (isAnyLeft) this.#announcer = clock.after(RUNNING_AFTER_MS, () => this.#announce());
  }
}
