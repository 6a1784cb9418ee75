/**
 * The roles of the master by name: a closed table.
 *
 * @module
 */
import { runEventPublisher } from "./event_publisher.ts";
import { runLoggingQueue } from "./logging_queue.ts";
import { runMWorker } from "./m_worker.ts";
import { runMWorkerQueue } from "./m_worker_queue.ts";
import { runMaintenance } from "./maintenance.ts";
import { runPubServerChannel } from "./pub_server_channel.ts";
import { runReactor } from "./reactor.ts";
import { runReqServerProcessManager } from "./req_server_process_manager.ts";
import type { RunRole } from "./role.ts";

const ROLES: ReadonlyMap<string, RunRole> = new Map([
  ["MultiprocessingLoggingQueue", runLoggingQueue],
  ["EventPublisher", runEventPublisher],
  ["ReqServer_ProcessManager", runReqServerProcessManager],
  ["MWorkerQueue", runMWorkerQueue],
  ["ZeroMQPubServerChannel", runPubServerChannel],
  ["Maintenance", runMaintenance],
  ["Reactor", runReactor],
]);

/** The role called `name`; workers are `MWorker-0` and so on. */
export function roleNamed(name: string): RunRole {
  const run = /^MWorker-\d+$/.test(name) ? runMWorker : ROLES.get(name);
  if (!run) throw new Error(`Cannot run role "${name}": there is none of that name`);
  return run;
}
