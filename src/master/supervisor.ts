/**
 * A parent of roles: starts them stage by stage, starts those again that die, and stops them last to first.
 *
 * A role that cannot even start ends the whole master with its reason, so that nobody has to read a restart loop. In
 * one process nothing can be started again beside what lives: there, too, the first failure is the end.
 *
 * @module
 */
import { Backoff } from "../core/backoff.ts";
import { pause } from "../core/clock.ts";
import { type RoleContext, untilAborted } from "./role.ts";
import type { ReadyFacts, RoleEnd, RunningRole } from "./starter.ts";

/** The first wait before a role is started again, and the longest. */
const RESTART = { firstMs: 50, maxMs: 5_000 };

/** A role that has lived this long died of something new. */
const SETTLED_MS = 10_000;

/** Starts in a row that may fail before the master gives up. A role that became ready did not fail to start. */
const MAX_FAILURES = 5;

/** A role that says nothing for this long after its start has failed. */
const READY_LIMIT_MS = 20_000;

/** What the roles of one parent have in common. */
interface Household {
  readonly parent: RoleContext;
  /** Aborted when the parent stops, for whatever reason: from then on nothing is started, and no end is an accident. */
  readonly stopping: AbortSignal;
  readonly onRestart: (name: string, how: string) => void;
  readonly onFailure: (failure: Error) => void;
  facts: ReadyFacts;
}

/** One role through all its lives. */
class Supervised {
  readonly name: string;
  readonly #household: Household;
  #running: RunningRole | undefined;
  #isRenewing = false;
  #lived: Promise<void> = Promise.resolve();

  constructor(name: string, household: Household) {
    this.name = name;
    this.#household = household;
  }

  /** Starts it and resolves when it is ready; rejects when it is not going to be. From then on it is kept running. */
  async start(): Promise<void> {
    const { parent, stopping } = this.#household;
    const startedAt = parent.clock.now();
    let failure = await this.#startOnce();
    while (failure && this.#isRenewing && !stopping.aborted) {
      this.#isRenewing = false;
      failure = await this.#startOnce();
    }
    if (failure) {
      if (failure.kind === "stopped" || stopping.aborted) return;
      throw failureOf(this.name, failure);
    }
    this.#lived = this.#keepRunning(startedAt);
  }

  /** Ends this life of it, in order; the next begins at once. Nothing to do while it is about to begin anyway. */
  renew(): void {
    if (!this.#running) return;
    this.#isRenewing = true;
    this.#running.stop();
  }

  /** Resolves when it has ended for good. */
  async stop(): Promise<void> {
    this.#running?.stop();
    await this.#running?.ended;
    await this.#lived;
  }

  async #keepRunning(firstStartedAt: number): Promise<void> {
    const { parent: { clock, random, starter }, stopping, onRestart, onFailure } = this.#household;
    const backoff = new Backoff({ ...RESTART, random });
    let failures = 0;
    let startedAt = firstStartedAt;
    let failure: RoleEnd | undefined;
    for (;;) {
      const end = failure ?? await this.#running?.ended;
      this.#running = undefined;
      if (stopping.aborted || !end) return;
      if (!this.#isRenewing) {
        if (!starter.canRestart || failures > MAX_FAILURES) return onFailure(failureOf(this.name, end));
        if (clock.now() - startedAt > SETTLED_MS) backoff.reset();
        onRestart(this.name, wordsOf(end));
        await pause(clock, backoff.nextMs(), stopping);
        if (stopping.aborted) return;
      }
      this.#isRenewing = false;
      startedAt = clock.now();
      failure = await this.#startOnce();
      failures = failure ? failures + 1 : 0;
    }
  }

  /** Undefined when the role became ready; how it ended when it did not. */
  async #startOnce(): Promise<RoleEnd | undefined> {
    const { parent: { clock, starter }, facts } = this.#household;
    const running = starter.start(this.name, facts);
    this.#running = running;
    const late = Promise.withResolvers<"late">();
    using _timer = clock.after(READY_LIMIT_MS, () => late.resolve("late"));
    const first = await Promise.race([running.ready.then((more) => ({ more })), running.ended, late.promise]);
    if (first === "late") {
      running.stop(); // kills it when it does not
      await running.ended;
      return { kind: "failed", reason: `Cannot start ${this.name}: not ready within ${READY_LIMIT_MS / 1000} s` };
    }
    if ("kind" in first) return first;
    this.#household.facts = { ...this.#household.facts, ...first.more };
    return undefined;
  }
}

/** Runs roles until the parent is told to stop. */
export class Supervisor {
  readonly #household: Household;
  readonly #stopping = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  readonly #roles: Supervised[] = [];

  constructor(parent: RoleContext, onRestart: (name: string, how: string) => void) {
    const onFailure = (failure: Error) => this.#failed.reject(failure);
    this.#household = { parent, stopping: this.#stopping.signal, onRestart, onFailure, facts: {} };
    this.#failed.promise.catch(() => {}); // it is raced below
  }

  /**
   * Starts the roles, each stage when all of the one before are ready; says that the parent is ready; and returns when
   * the parent was told to stop and all have stopped. Throws the reason of the first failure that cannot be mended.
   */
  async run(stages: readonly (readonly string[])[]): Promise<void> {
    const { signal, ready } = this.#household.parent;
    const stopped = untilAborted(signal);
    try {
      for (const stage of stages) {
        const started = Promise.all(stage.map((name) => this.#add(name).start()));
        await Promise.race([started, stopped, this.#failed.promise]);
        if (signal.aborted) return;
      }
      ready(this.#household.facts);
      await Promise.race([stopped, this.#failed.promise]);
    } finally {
      this.#stopping.abort();
      for (const role of this.#roles.toReversed()) await role.stop();
    }
  }

  /** Stops a role in order and starts it again, for a configuration that it reads at its start. */
  renew(name: string): void {
    this.#roles.find((role) => role.name === name)?.renew();
  }

  #add(name: string): Supervised {
    const role = new Supervised(name, this.#household);
    this.#roles.push(role);
    return role;
  }
}

function wordsOf(end: RoleEnd): string {
  if (end.kind === "failed") return end.reason;
  return end.kind === "died" ? `it died of ${end.how}` : "it stopped unasked";
}

function failureOf(name: string, end: RoleEnd): Error {
  if (end.kind === "failed" && end.cause instanceof Error) return end.cause;
  return new Error(end.kind === "failed" ? end.reason : `Cannot keep ${name} running: ${wordsOf(end)}`);
}
