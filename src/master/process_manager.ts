/**
 * ProcessManager: the master's supervisor. It makes the keys on first start, starts every other role, says when the
 * master is ready, and stops them all in order.
 *
 * @module
 */
import type { MasterConfig } from "../config/master_config.ts";
import { formatPublicIdentity, openIdentity, publicHalf } from "../crypto/identity.ts";
import { UsageError } from "../core/errors.ts";
import { makePrivateDirectory, readTextIfThere, removePath, writePrivateFile } from "../runtime/files.ts";
import { isAlive, processId } from "../runtime/process.ts";
import { openStore } from "../store/store.ts";
import type { RoleContext } from "./role.ts";
import type { ReadyFacts } from "./starter.ts";
import { parseRunningMaster, type RunningMaster } from "../config/running_master.ts";
import { Supervisor } from "./supervisor.ts";
import { tellRestart } from "./tell_restart.ts";

/** Roles in the order of their start; those of one stage need nothing of each other to become ready. */
const STAGES = [
  ["MultiprocessingLoggingQueue"],
  // At the end the workers stop before the publisher does: whatever job they took is published.
  ["EventPublisher", "ZeroMQPubServerChannel", "ReqServer_ProcessManager"],
  ["Maintenance", "Reactor"],
] as const;

/** The operator that the master makes for its own host. */
export const FIRST_OPERATOR = "root";

/** What the whole master is given. */
export interface MasterContext extends RoleContext {
  /** Calls `act` with the names of what has changed whenever the configuration was read again. */
  readonly onReload: (act: (changed: readonly string[]) => void) => Disposable;
}

/** Runs the whole master until the context's signal. */
export async function runProcessManager(context: MasterContext): Promise<void> {
  const { config, clock } = context;
  const { paths } = config;
  for (const directory of [paths.etc, paths.lib, paths.run]) makePrivateDirectory(directory);
  const identity = openIdentity(paths.masterKey);
  writePrivateFile(paths.masterPublic, formatPublicIdentity(publicHalf(identity)) + "\n");
  acceptFirstOperator();

  const ready = (facts: ReadyFacts = {}) => {
    const { retPort = config.retPort } = facts;
    const running: RunningMaster = { pid: processId(), host: config.interface, retPort };
    writePrivateFile(paths.runningMaster, JSON.stringify(running) + "\n");
    context.ready(facts);
  };
  try {
    using restarts = tellRestart(context);
    const supervisor = new Supervisor({ ...context, ready }, restarts.tell);
    using _reloads = context.onReload((changed) => {
      // These read their tables when they start, and keep nothing that would be lost by it.
      if (changed.includes("reactor")) supervisor.renew("Reactor");
      if (changed.includes("schedule")) supervisor.renew("Maintenance");
    });
    await supervisor.run(STAGES);
  } finally {
    const left = readTextIfThere(paths.runningMaster);
    if (left !== undefined && parseRunningMaster(left)?.pid === processId()) removePath(paths.runningMaster);
  }

  function acceptFirstOperator(): void {
    using store = openStore(paths.database);
    const operator = publicHalf(openIdentity(paths.operatorKey));
    const first = { role: "operator", id: FIRST_OPERATOR, identity: operator, token: undefined } as const;
    if (store.keys.judge(first, "accepted", clock.now()).standing === "accepted") return;
    // The key file is new, or its key was rejected: whoever may write it is this host's owner, and this is the way back in.
    store.keys.change("operator", [FIRST_OPERATOR], "delete", clock.now());
    store.keys.judge(first, "accepted", clock.now());
  }
}

/** Two masters on one database would answer each other's jobs. */
export function refuseSecondMaster({ paths: { runningMaster: path } }: MasterConfig): void {
  const text = readTextIfThere(path);
  const running = text === undefined ? undefined : parseRunningMaster(text);
  if (running && running.pid !== processId() && isAlive(running.pid)) {
    throw new UsageError(`Cannot start master: one is running here already, as process ${running.pid} (${path})`);
  }
}
