/**
 * MultiprocessingLoggingQueue: takes the records of all other roles and writes them down in the order they came, to
 * one file with rotation, or to stderr.
 *
 * @module
 */
import { formatLogRecord, type LogRecord } from "../core/log.ts";
import { LogFile } from "../runtime/log_file.ts";
import { onSignals } from "../runtime/process.ts";
import { writeError } from "../runtime/terminal.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** Runs the log until the context's signal. Without `log_file` it goes to stderr. */
export async function runLoggingQueue({ config, exchange, signal, ready }: RoleContext): Promise<void> {
  using file = config.logFile === undefined ? undefined : new LogFile(config.logFile, config.logMaxBytes);
  using _rotation = onSignals(["SIGUSR1"], () => file?.reopen());
  const format = config.logFormat === "json" ? (record: LogRecord) => JSON.stringify(record) : formatLogRecord;
  const write = (line: string) => void (file ? file.append(line) : writeError(line));
  await using _hub = await exchange.serve("MultiprocessingLoggingQueue", () => ({
    receive: (record) => write(`${format(record)}\n`),
    closed: () => {},
  }));
  ready();
  await untilAborted(signal);
}
