/**
 * Each role's log: a link to MultiprocessingLoggingQueue that signs what it carries with the role's name.
 *
 * @module
 */
import { type Log, logTo } from "../core/log.ts";
import type { RoleContext } from "./role.ts";

/** Makes the logs of the roles that share this context's exchange. */
export function roleLog({ config, clock, exchange }: RoleContext): (name: string) => { log: Log } {
  const link = exchange.connect("MultiprocessingLoggingQueue", () => {});
  return (name) => ({
    log: logTo((record) => link.send(record), { source: name, least: config.logLevel, now: () => clock.now() }),
  });
}
