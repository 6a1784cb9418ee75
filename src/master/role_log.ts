/**
 * Each role's log: a link to MultiprocessingLoggingQueue that signs what it carries with the role's name.
 *
 * @module
 */
import type { MasterConfig } from "../config/master_config.ts";
import type { Clock } from "../core/clock.ts";
import { type Log, logTo } from "../core/log.ts";
import type { Exchange } from "./link.ts";

/** Makes the logs of the roles that share an exchange. */
export function roleLog(
  { config, clock, exchange }: { config: MasterConfig; clock: Clock; exchange: Exchange },
): (name: string) => Log {
  const link = exchange.connect("MultiprocessingLoggingQueue", () => {});
  return (name) =>
    logTo((record) => link.send(record), { source: name, least: () => config.logLevel, now: () => clock.now() });
}
