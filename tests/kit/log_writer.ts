/**
 * A program that plays a role of a running master: it writes log records through the tree's own link, and then ends as
 * it is told to, in the same turn.
 *
 *     bun tests/kit/log_writer.ts SOCKET_DIRECTORY SOURCE COUNT kill|exit
 *
 * @module
 */
import process from "node:process";
import { systemClock } from "../../src/core/clock.ts";
import { processExchange } from "../../src/master/process_exchange.ts";

const [directory = "", source = "", count = "", end] = process.argv.slice(2);
const fail = () => process.exit(3);
const exchange = processExchange({ directory, clock: systemClock, onDropped: fail, onOverflow: fail });
const link = exchange.connect("MultiprocessingLoggingQueue", () => {}, () => setTimeout(write));

function write(): void {
  for (let n = 1; n <= Number(count); n++) {
    link.send({ at: Date.now(), level: "info", source, text: `${n} ${"x".repeat(40)}` });
  }
  if (end === "kill") process.kill(process.pid, "SIGKILL");
  else void exchange.settled().then(() => process.exit(0));
}
