/**
 * ReqServer_ProcessManager: the parent of the request side, that is of MWorkerQueue and its workers.
 *
 * @module
 */
import type { RoleContext } from "./role.ts";
import { tellRestart } from "./tell_restart.ts";
import { Supervisor } from "./supervisor.ts";

/** Runs the front and the workers until the context's signal. */
export async function runReqServerProcessManager(context: RoleContext): Promise<void> {
  const { config } = context;
  const workers = Array.from({ length: Math.max(1, config.workerThreads) }, (_, index) => `MWorker-${index}`);
  using restarts = tellRestart(context);
  await new Supervisor(context, restarts.tell).run([["MWorkerQueue"], workers]);
}
