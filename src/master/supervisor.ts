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

/** Starts in a row that may fail before the master gives up. */
const MAX_FAILURES = 5;

/** A role that says nothing for this long after its start has failed. */
const READY_LIMIT_MS = 20_000;

interface Entry {
  readonly name: string;
  running: RunningRole;
  watched: Promise<void>;
}

/** Runs roles until the parent is told to stop. */
export class Supervisor {
  readonly #parent: RoleContext;
  readonly #onRestart: (name: string, how: string) => void;
  readonly #entries: Entry[] = [];
  readonly #failed = Promise.withResolvers<never>();
  readonly #replaced = new Set<RunningRole>();
  #facts: ReadyFacts = {};

  constructor(parent: RoleContext, onRestart: (name: string, how: string) => void) {
    this.#parent = parent;
    this.#onRestart = onRestart;
    this.#failed.promise.catch(() => {}); // it is raced below
  }

  /**
   * Starts the roles, each stage when all of the one before are ready; says that the parent is ready; and returns when
   * the parent was told to stop and all have stopped. Throws the reason of the first failure that cannot be mended.
   */
  async run(stages: readonly (readonly string[])[], facts: ReadyFacts = {}): Promise<void> {
    const { signal, ready } = this.#parent;
    this.#facts = facts;
    const stopped = untilAborted(signal);
    try {
      for (const stage of stages) {
        const started = Promise.all(stage.map((name) => this.#startFirst(name)));
        await Promise.race([started, stopped, this.#failed.promise]);
        if (signal.aborted) return;
      }
      ready(this.#facts);
      await Promise.race([stopped, this.#failed.promise]);
    } finally {
      for (const { running, watched } of this.#entries.toReversed()) {
        this.#replaced.add(running); // from here on an end is no accident
        running.stop();
        await running.ended;
        await watched;
      }
    }
  }

  /** Stops a role in order and starts it again, for a configuration that it reads at its start. */
  async renew(name: string): Promise<void> {
    const entry = this.#entries.find((other) => other.name === name);
    if (!entry) return;
    this.#replaced.add(entry.running);
    entry.running.stop();
    await entry.running.ended;
    await entry.watched;
    entry.running = this.#parent.starter.start(name, this.#facts);
    entry.watched = this.#watch(entry);
  }

  async #startFirst(name: string): Promise<void> {
    const running = this.#parent.starter.start(name, this.#facts);
    const entry: Entry = { name, running, watched: Promise.resolve() };
    this.#entries.push(entry);
    const end = await this.#untilReady(running);
    if (end && end.kind !== "stopped") throw failureOf(name, end);
    if (!end) entry.watched = this.#watch(entry);
  }

  /** Undefined when the role is ready; how it ended when it ended before. */
  async #untilReady(running: RunningRole): Promise<RoleEnd | undefined> {
    const { clock } = this.#parent;
    const late = Promise.withResolvers<RoleEnd>();
    using _timer = clock.after(READY_LIMIT_MS, () => {
      late.resolve({ kind: "failed", reason: `it was not ready within ${READY_LIMIT_MS / 1000} s` });
    });
    return await Promise.race([
      running.ready.then((facts) => {
        this.#facts = { ...this.#facts, ...facts };
        return undefined;
      }),
      running.ended,
      late.promise,
    ]);
  }

  /** Starts the role again whenever it ends by accident. */
  async #watch(entry: Entry): Promise<void> {
    const { clock, random, starter, signal } = this.#parent;
    const backoff = new Backoff({ ...RESTART, random });
    let failures = 0;
    for (;;) {
      const startedAt = clock.now();
      const end = await entry.running.ended;
      if (this.#replaced.delete(entry.running) || signal.aborted) return;
      if (clock.now() - startedAt > SETTLED_MS) {
        backoff.reset();
        failures = 0;
      }
      if (!starter.canRestart || ++failures > MAX_FAILURES) return this.#failed.reject(failureOf(entry.name, end));
      this.#onRestart(entry.name, wordsOf(end));
      await pause(clock, backoff.nextMs(), signal);
      if (signal.aborted) return;
      entry.running = starter.start(entry.name, this.#facts);
    }
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
