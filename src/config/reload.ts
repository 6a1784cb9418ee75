/**
 * Reading the master's configuration again while it runs: what takes effect, and what has to wait for a restart.
 *
 * @module
 */
import type { MasterConfig } from "./master_config.ts";

/** What may change while the master runs, by its name in the file. */
const RELOADABLE: ReadonlyMap<keyof MasterConfig, string> = new Map([
  ["nodegroups", "nodegroups"],
  ["keepJobsMs", "keep_jobs_seconds"],
  ["jobStoreMaxBytes", "job_store_max_bytes"],
  ["reactor", "reactor"],
  ["schedule", "schedule"],
  ["logLevel", "log_level"],
]);

/** What may not. */
const FIXED: ReadonlyMap<keyof MasterConfig, string> = new Map([
  ["interface", "interface"],
  ["publishPort", "publish_port"],
  ["retPort", "ret_port"],
  ["workerThreads", "worker_threads"],
  ["publishSessionMs", "publish_session"],
  ["loopIntervalMs", "loop_interval"],
  ["logFile", "log_file"],
  ["logFormat", "log_format"],
  ["logMaxBytes", "log_max_bytes"],
]);

/** The running configuration with the reloadable parts of `next`, and the names of what differs. */
export function mergeReload(
  current: MasterConfig,
  next: MasterConfig,
): { config: MasterConfig; changed: string[]; fixed: string[] } {
  const differing = (keys: ReadonlyMap<keyof MasterConfig, string>) =>
    [...keys].filter(([key]) => JSON.stringify(current[key]) !== JSON.stringify(next[key]));
  const taken = Object.fromEntries([...RELOADABLE.keys()].map((key) => [key, next[key]]));
  return {
    config: { ...current, ...taken },
    changed: differing(RELOADABLE).map(([, name]) => name),
    fixed: differing(FIXED).map(([, name]) => name),
  };
}
