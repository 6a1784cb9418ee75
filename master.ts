/**
 * The master's door: what it is made of, in the order of its life.
 *
 * @module
 */
import type { MasterConfig } from "./src/config/master_config.ts";
import { systemClock } from "./src/core/clock.ts";
import { formatLogRecord, logTo } from "./src/core/log.ts";
import { localExchange } from "./src/master/local_exchange.ts";
import { runProcessManager } from "./src/master/process_manager.ts";
import { writeError } from "./src/runtime/terminal.ts";
import { zwsTransport } from "./src/transport/zws/zws.ts";

/** Runs a master until `signal` aborts; `onReady` is called when it takes minions and operators. */
export async function runMaster(config: MasterConfig, signal: AbortSignal, onReady: () => void): Promise<void> {
  const clock = systemClock;
  const random = Math.random;
  const write = (record: Parameters<typeof formatLogRecord>[0]) => writeError(`${formatLogRecord(record)}\n`);
  await runProcessManager({
    name: "ProcessManager",
    config,
    clock,
    random,
    log: logTo(write, { source: "ProcessManager", least: config.logLevel, now: clock.now }),
    exchange: localExchange(),
    transport: zwsTransport({ clock, random }),
    signal,
    ready: onReady,
  });
}
