/**
 * Reactor: does what the configuration's `reactor` says when an event's tag matches. Bounded, and what fails is an
 * event itself.
 *
 * @module
 */
import { reasonOf, UsageError } from "../core/errors.ts";
import { spawn } from "../runtime/spawn.ts";
import { compileGlob } from "../target/glob.ts";
import { BoundedWork } from "./bounded_work.ts";
import type { BusEvent } from "../wire/operator_messages.ts";
import { MAX_GLOBS } from "./event_subscriptions.ts";
import { HouseOperator } from "./house_operator.ts";
import { type Reaction, reactionOf } from "./reaction.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** Actions that run side by side, and those that may wait (Salt: `reactor_worker_threads`, `reactor_worker_hwm`). */
const LIMITS = { running: 10, waiting: 10_000 };

/** What a command may print; nobody reads it. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Tags of the reactor's own events; it never reacts to them, or it would feed itself. */
const OWN = "brine/reactor/";

/** Runs the reactor until the context's signal. */
export async function runReactor({ config, clock, exchange, log, signal, ready }: RoleContext): Promise<void> {
  using operator = new HouseOperator("reactor", { exchange, clock });
  const table = config.reactor.map(({ tag, actions }) => ({
    actions,
    matches: compileGlob(tag, (state) => new UsageError(`Cannot read reactor's tag "${tag}": ${state}`)),
  }));
  const emit = (what: string, data: Readonly<Record<string, unknown>>) =>
    events.send({ kind: "emit", tag: `${OWN}${what}`, data });
  const stopped = new AbortController();
  const work = new BoundedWork(LIMITS, (count) => {
    log.warning(`${count} reactions were dropped: ${LIMITS.waiting} wait at most, and none beyond the end`);
    emit("dropped", { count });
  });

  const act = async (reaction: Reaction): Promise<void> => {
    if (reaction.kind === "emit") return events.send({ kind: "emit", tag: reaction.tag, data: reaction.data });
    if (reaction.kind === "command") return await runCommand(reaction, stopped.signal);
    const refusal = await operator.give(reaction.job);
    if (refusal !== undefined) throw new Error(refusal);
  };
  const react = async (event: BusEvent, action: (typeof table)[number]["actions"][number]) => {
    try {
      await act(reactionOf(action, event));
    } catch (thrown) {
      log.warning(`${event.tag}: ${reasonOf(thrown)}`);
      emit("failed", { tag: event.tag, reason: reasonOf(thrown) });
    }
  };
  using events = exchange.connect("EventPublisher", ({ event }) => {
    if (event.tag.startsWith(OWN)) return;
    for (const { matches, actions } of table) {
      if (!matches(event.tag)) continue;
      for (const action of actions) work.add(() => react(event, action));
    }
  }, () => {
    const globs = config.reactor.map(({ tag }) => tag);
    // The bus keeps so many of one listener; with more the reactor hears everything and chooses itself.
    for (const glob of globs.length > MAX_GLOBS ? ["*"] : globs) events.send({ kind: "listen", glob });
  });
  ready();
  await untilAborted(signal);
  stopped.abort();
  operator[Symbol.dispose](); // who waits for an answer is told that there will be none
  await work.settled();
}

async function runCommand(
  { argv, stdin, timeoutMs }: Extract<Reaction, { kind: "command" }>,
  signal: AbortSignal,
): Promise<void> {
  const { exitCode, timedOut, aborted } = await spawn(argv, {
    stdin: new TextEncoder().encode(stdin),
    timeoutMs,
    signal,
    mergeStderr: true,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  });
  if (timedOut) throw new Error(`${argv[0]} did not end within ${timeoutMs / 1000} s`);
  if (aborted) throw new Error(`${argv[0]} was ended with the master`);
  if (exitCode !== 0) throw new Error(`${argv[0]} ended with ${exitCode}`);
}
