/**
 * The roles of the master by name: a closed table. Each is loaded when it is run, so that the process of one does not
 * hold the code of all.
 *
 * @module
 */
import type { RunRole } from "./role.ts";

const ROLES: ReadonlyMap<string, () => Promise<RunRole>> = new Map([
  ["MultiprocessingLoggingQueue", async () => (await import("./logging_queue.ts")).runLoggingQueue],
  ["EventPublisher", async () => (await import("./event_publisher.ts")).runEventPublisher],
  [
    "ReqServer_ProcessManager",
    async () => (await import("./req_server_process_manager.ts")).runReqServerProcessManager,
  ],
  ["MWorkerQueue", async () => (await import("./m_worker_queue.ts")).runMWorkerQueue],
  ["MWorker", async () => (await import("./m_worker.ts")).runMWorker],
  ["ZeroMQPubServerChannel", async () => (await import("./pub_server_channel.ts")).runPubServerChannel],
  ["Maintenance", async () => (await import("./maintenance.ts")).runMaintenance],
  ["Reactor", async () => (await import("./reactor.ts")).runReactor],
]);

/** The role called `name`; workers are `MWorker-0` and so on. */
export function roleNamed(name: string): RunRole {
  const load = ROLES.get(name.replace(/^MWorker-\d+$/, "MWorker"));
  if (!load) throw new Error(`Cannot run role "${name}": there is none of that name`);
  return async (context) => await (await load())(context);
}
