/**
 * Reactor: hears every event and acts on those that the configuration names. No key of this version names any, so it
 * only listens; what it will run goes through MWorkerQueue like any operator's job.
 *
 * @module
 */
import { type RoleContext, untilAborted } from "./role.ts";

/** Runs the reactor until the context's signal. */
export async function runReactor({ exchange, log, signal, ready }: RoleContext): Promise<void> {
  using events = exchange.connect("EventPublisher", ({ event }) => log.debug(`${event.sequence} ${event.tag}`));
  events.send({ kind: "listen", glob: "brine/*" });
  ready();
  await untilAborted(signal);
}
