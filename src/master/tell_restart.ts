/**
 * What a supervisor says when a role had to be started again: a line in the log, and an event.
 *
 * @module
 */
import type { RoleContext } from "./role.ts";

/** Tells of restarts until it is disposed. */
export function tellRestart(
  { exchange, log }: RoleContext,
): Disposable & { tell: (name: string, how: string) => void } {
  const events = exchange.connect("EventPublisher", () => {});
  return {
    tell(name, how) {
      log.error(`${name} is started again: ${how}`);
      events.send({ kind: "emit", tag: `brine/master/restart/${name}`, data: { role: name, reason: how } });
    },
    [Symbol.dispose]: () => events[Symbol.dispose](),
  };
}
