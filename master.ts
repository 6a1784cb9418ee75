/**
 * The master's door: what it is made of, in the order of its life.
 *
 * @module
 */
import type { MasterConfig } from "./src/config/master_config.ts";
import { systemClock } from "./src/core/clock.ts";
import type { Exchange } from "./src/master/link.ts";
import { localExchange } from "./src/master/local_exchange.ts";
import { type ProcessExchange, processExchange } from "./src/master/process_exchange.ts";
import { refuseSecondMaster, runProcessManager } from "./src/master/process_manager.ts";
import { type ProcessStarter, processStarter, type RoleOrder, serveAsRole } from "./src/master/process_starter.ts";
import type { RoleContext } from "./src/master/role.ts";
import { roleLog } from "./src/master/role_log.ts";
import { roleNamed } from "./src/master/roles.ts";
import { localStarter } from "./src/master/local_starter.ts";
import type { RoleStarter } from "./src/master/starter.ts";
import { openSocketDirectory } from "./src/runtime/socket_directory.ts";
import { exit, onSignals } from "./src/runtime/process.ts";
import type { RoleParent } from "./src/runtime/role_child.ts";
import { writeError } from "./src/runtime/terminal.ts";
import { zwsTransport } from "./src/transport/zws/zws.ts";

/** What the outside gives a master. */
export interface MasterOptions {
  /** Aborted when it must stop. */
  readonly signal: AbortSignal;
  /** Called when it takes minions and operators. */
  readonly onReady: () => void;
  /** Calls `act` with the new configuration, and the names of what has changed in it, when it was read again. */
  readonly onReload: (act: (config: MasterConfig, changed: readonly string[]) => void) => Disposable;
}

const clock = systemClock;
const random = Math.random;

/** Runs a master: in one process with `worker_threads: 0`, otherwise as a tree of processes. */
export async function runMaster(config: MasterConfig, options: MasterOptions): Promise<void> {
  const live = { ...config };
  refuseSecondMaster(config); // before anything of the first is touched
  using sockets = config.workerThreads === 0 ? undefined : openSocketDirectory(config.paths.run);
  const exchange: Exchange = sockets ? exchangeIn(sockets.path) : localExchange();
  const tree = sockets && processStarter((facts) => ({ config: live, socketDirectory: sockets.path, facts }));
  const base = baseContext(live, exchange);
  const starter: RoleStarter = tree ?? localStarter(roleNamed, (name) => ({ ...base(name), starter }));
  // `kill -USR1` of the process that the user started means the log file, whoever writes it.
  using _rotation = tree && onSignals(["SIGUSR1"], () => tree.signal("MultiprocessingLoggingQueue", "SIGUSR1"));
  await runProcessManager({
    ...base("ProcessManager"),
    starter,
    signal: options.signal,
    ready: options.onReady,
    onReload: (act) =>
      options.onReload((next, changed) => {
        Object.assign(live, next);
        tree?.reload(live);
        act(changed);
      }),
  });
}

/** Runs one role of the tree, in the process that was started for it. Ends the process. */
export async function runMasterRole(parent: RoleParent): Promise<never> {
  let reload = (_config: MasterConfig) => {};
  let exchange: ProcessExchange | undefined;
  const isGood = await serveAsRole(parent, {
    run: async (order: RoleOrder, signal, ready) => {
      const { facts, socketDirectory } = order;
      const config = { ...order.config, ...facts };
      exchange = exchangeIn(socketDirectory);
      const starter: ProcessStarter = processStarter((more) => ({
        config,
        socketDirectory,
        facts: { ...facts, ...more },
      }));
      reload = (next) => starter.reload(Object.assign(config, next, facts));
      const context = baseContext(config, exchange)(parent.role);
      await roleNamed(parent.role)({ ...context, starter, signal, ready });
    },
    reload: (config) => reload(config),
    orphaned: () => exit(0),
  });
  await exchange?.settled();
  exit(isGood ? 0 : 1);
}

function exchangeIn(directory: string): ProcessExchange {
  return processExchange({
    directory,
    clock,
    onDropped: (hub, count) =>
      void writeError(`brine: ${count} messages to ${hub} were dropped: it does not keep up\n`),
    onOverflow: (hub) => {
      writeError(`brine: Cannot go on: ${hub} does not keep up\n`);
      exit(1); // the supervisor starts this role again
    },
  });
}

function baseContext(config: MasterConfig, exchange: Exchange) {
  const transport = zwsTransport({ clock, random });
  const logOf = roleLog({ config, clock, exchange });
  return (role: string): Omit<RoleContext, "signal" | "ready" | "starter"> => ({
    name: role,
    config,
    clock,
    random,
    log: logOf(role),
    exchange,
    transport,
  });
}
