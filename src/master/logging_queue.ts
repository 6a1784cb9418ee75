/**
 * MultiprocessingLoggingQueue: takes the records of all other roles and writes them down in the order they came.
 *
 * @module
 */
import { formatLogRecord } from "../core/log.ts";
import { AppendFile } from "../runtime/files.ts";
import { writeError } from "../runtime/terminal.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** Runs the log until the context's signal. Without `log_file` it goes to stderr. */
export async function runLoggingQueue({ config, exchange, signal, ready }: RoleContext): Promise<void> {
  using file = config.logFile === undefined ? undefined : new AppendFile(config.logFile);
  const write = (line: string) => file ? file.append(line) : writeError(line);
  using _hub = exchange.serve("MultiprocessingLoggingQueue", () => ({
    receive: (record) => write(`${formatLogRecord(record)}\n`),
    closed: () => {},
  }));
  ready();
  await untilAborted(signal);
}
