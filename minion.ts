/**
 * The minion's door: what it is made of, in the order of its life.
 *
 * @module
 */
import type { MinionConfig } from "./src/config/minion_config.ts";
import { systemClock } from "./src/core/clock.ts";
import { formatLogRecord, type LogRecord, logTo } from "./src/core/log.ts";
import { runMinion as run } from "./src/minion/minion.ts";
import { AppendFile } from "./src/runtime/files.ts";
import { writeError } from "./src/runtime/terminal.ts";
import { zwsTransport } from "./src/transport/zws/zws.ts";

/** Runs a minion until `signal` aborts. */
export async function runMinion(config: MinionConfig, signal: AbortSignal): Promise<void> {
  const clock = systemClock;
  const random = Math.random;
  using file = config.logFile === undefined ? undefined : new AppendFile(config.logFile);
  const write = (record: LogRecord) => {
    const line = `${formatLogRecord(record)}\n`;
    if (file) file.append(line);
    else writeError(line);
  };
  const log = logTo(write, { source: `minion ${config.id}`, least: () => config.logLevel, now: clock.now });
  await run({ config, clock, random, log, transport: zwsTransport({ clock, random }), signal });
}
