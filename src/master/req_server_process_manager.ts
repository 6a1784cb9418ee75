/**
 * ReqServer_ProcessManager: the parent of the request side, that is of MWorkerQueue and its workers.
 *
 * @module
 */
import { roleLog } from "./role_log.ts";
import { runMWorker } from "./m_worker.ts";
import { runMWorkerQueue } from "./m_worker_queue.ts";
import type { RoleContext } from "./role.ts";
import { supervise } from "./supervise.ts";

/** Runs the front and the workers until the context's signal. */
export async function runReqServerProcessManager(context: RoleContext): Promise<void> {
  const workers = Array.from({ length: Math.max(1, context.config.workerThreads) }, (_, index) => ({
    name: `MWorker-${index}`,
    run: runMWorker,
  }));
  await supervise([{ name: "MWorkerQueue", run: runMWorkerQueue }, ...workers], context, roleLog(context));
}
