/**
 * ProcessManager: the master's supervisor. It makes the keys on first start, starts every other role, says when the
 * master is ready, and stops them all in order.
 *
 * @module
 */
import { formatPublicIdentity, openIdentity, publicHalf } from "../crypto/identity.ts";
import { UsageError } from "../core/errors.ts";
import { makePrivateDirectory, readTextIfThere, removePath, writePrivateFile } from "../runtime/files.ts";
import { isAlive, processId } from "../runtime/process.ts";
import { openStore } from "../store/store.ts";
import { runEventPublisher } from "./event_publisher.ts";
import { runLoggingQueue } from "./logging_queue.ts";
import { runMaintenance } from "./maintenance.ts";
import { runPubServerChannel } from "./pub_server_channel.ts";
import { runReactor } from "./reactor.ts";
import { runReqServerProcessManager } from "./req_server_process_manager.ts";
import type { ReadyFacts, RoleContext } from "./role.ts";
import { roleLog } from "./role_log.ts";
import { parseRunningMaster, type RunningMaster } from "../config/running_master.ts";
import { supervise } from "./supervise.ts";

/** The operator that the master makes for its own host. */
export const FIRST_OPERATOR = "root";

/** Runs the whole master until the context's signal. */
export async function runProcessManager(context: RoleContext): Promise<void> {
  const { config, clock } = context;
  const { paths } = config;
  refuseSecondMaster(paths.runningMaster);
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
    await supervise(
      [
        { name: "MultiprocessingLoggingQueue", run: runLoggingQueue },
        { name: "EventPublisher", run: runEventPublisher },
        { name: "ReqServer_ProcessManager", run: runReqServerProcessManager },
        { name: "ZeroMQPubServerChannel", run: runPubServerChannel },
        { name: "Maintenance", run: runMaintenance },
        { name: "Reactor", run: runReactor },
      ],
      { ...context, ready },
      roleLog(context),
    );
  } finally {
    const left = readTextIfThere(paths.runningMaster);
    if (left !== undefined && parseRunningMaster(left)?.pid === processId()) removePath(paths.runningMaster);
  }

  function acceptFirstOperator(): void {
    using store = openStore(paths.database);
    const operator = publicHalf(openIdentity(paths.operatorKey));
    const first = { role: "operator", id: FIRST_OPERATOR, identity: operator, token: undefined } as const;
    store.keys.judge(first, "accepted", clock.now());
  }
}

/** Two masters on one database would answer each other's jobs. */
function refuseSecondMaster(path: string): void {
  const text = readTextIfThere(path);
  const running = text === undefined ? undefined : parseRunningMaster(text);
  if (running && running.pid !== processId() && isAlive(running.pid)) {
    throw new UsageError(`Cannot start master: one is running here already, as process ${running.pid} (${path})`);
  }
}
