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
import { HouseOperator } from "./house_operator.ts";
import { reactionOf } from "./reaction.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** Actions that run side by side, and those that may wait (Salt: `reactor_worker_threads`, `reactor_worker_hwm`). */
const LIMITS = { running: 10, waiting: 10_000 };

/** Tags of the reactor's own events; it never reacts to them, or it would feed itself. */
const OWN = "brine/reactor/";

/** Runs the reactor until the context's signal. */
export async function runReactor({ config, exchange, log, signal, ready }: RoleContext): Promise<void> {
  using operator = new HouseOperator("reactor", exchange);
  const table = config.reactor.map(({ tag, actions }) => ({
    actions,
    matches: compileGlob(tag, (state) => new UsageError(`Cannot read reactor's tag "${tag}": ${state}`)),
  }));
  const emit = (what: string, data: Readonly<Record<string, unknown>>) =>
    events.send({ kind: "emit", tag: `${OWN}${what}`, data });
  const stopped = new AbortController();
  const work = new BoundedWork(LIMITS, (count) => {
    log.warning(`${count} reactions were dropped: ${LIMITS.waiting} wait already`);
    emit("dropped", { count });
  });

  const react = async (event: BusEvent, action: (typeof table)[number]["actions"][number]) => {
    try {
      const reaction = reactionOf(action, event);
      if (reaction.kind === "emit") return events.send({ kind: "emit", tag: reaction.tag, data: reaction.data });
      if (reaction.kind === "run") {
        const refusal = await operator.give(reaction.job);
        if (refusal !== undefined) throw new Error(refusal);
        return;
      }
      const { argv, stdin, timeoutMs } = reaction;
      const result = await spawn(argv, { stdin: new TextEncoder().encode(stdin), timeoutMs, signal: stopped.signal });
      if (result.exitCode !== 0) throw new Error(`${argv[0]} ended with ${result.exitCode}`);
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
    for (const { tag } of config.reactor) events.send({ kind: "listen", glob: tag });
  });
  ready();
  await untilAborted(signal);
  stopped.abort();
  await work.settled();
}
