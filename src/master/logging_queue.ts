/**
 * MultiprocessingLoggingQueue: takes the records of all other roles and writes them down in the order they came, to
 * one file with rotation, or to stderr. A file that cannot be written costs records and nothing else: it is said once
 * on stderr, and how many are missing stands in the file as soon as it can.
 *
 * @module
 */
import { reasonOf } from "../core/errors.ts";
import { formatLogRecord, type LogRecord } from "../core/log.ts";
import { LogFile } from "../runtime/log_file.ts";
import { onSignals } from "../runtime/process.ts";
import { writeError } from "../runtime/terminal.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** Runs the log until the context's signal. Without `log_file` it goes to stderr. */
export async function runLoggingQueue({ name, config, clock, exchange, signal, ready }: RoleContext): Promise<void> {
  using file = config.logFile === undefined ? undefined : new LogFile(config.logFile, config.logMaxBytes);
  let lost = 0;
  const tryFile = (act: () => void): boolean => {
    try {
      act();
      return true;
    } catch (thrown) {
      if (lost === 0) writeError(`brine: Cannot write log ${config.logFile}: ${reasonOf(thrown)}\n`);
      return false;
    }
  };
  const format = (record: LogRecord) =>
    `${config.logFormat === "json" ? JSON.stringify(record) : formatLogRecord(record)}\n`;
  const write = (record: LogRecord) => {
    if (!file) return writeError(format(record));
    const gap = {
      at: clock.now(),
      level: "error",
      source: name,
      text: `${lost} records were lost before this`,
    } as const;
    const text = lost > 0 ? format(gap) + format(record) : format(record);
    lost = tryFile(() => file.append(text)) ? 0 : lost + 1;
  };
  using _rotation = onSignals(["SIGUSR1"], () => file && tryFile(() => file.reopen()));
  await using _hub = await exchange.serve("MultiprocessingLoggingQueue", () => ({ receive: write, closed: () => {} }));
  ready();
  await untilAborted(signal);
}
