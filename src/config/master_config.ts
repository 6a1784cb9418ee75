/**
 * The master's configuration: Salt's names where the thing is the same.
 *
 * @module
 */
import * as v from "valibot";
import { LOG_LEVELS, type LogLevel } from "../core/log.ts";
import { type Reactions, reactor, type Schedule, schedule } from "./actions.ts";
import { type ConfigValues, key, map, port, seconds, text } from "./key.ts";
import type { Paths } from "./paths.ts";

const nodegroup = v.union([text, v.array(text)], "is neither a compound target nor a list of them");

/** Every key of `/etc/brine/master`. */
export const MASTER_KEYS = {
  interface: key(
    text,
    "0.0.0.0",
    "The address that both ports listen on; exactly this one. The default is every IPv4 address.",
  ),
  publish_port: key(port, 4505, "PUB: every minion holds one connection here and hears jobs on it."),
  ret_port: key(port, 4506, "ROUTER: handshakes, returns, and everything that operators ask."),
  worker_threads: key(
    v.pipe(
      v.number("is not a number"),
      v.integer("is not a whole number"),
      v.minValue(0, "is negative"),
      v.maxValue(64, "is above 64"),
    ),
    5,
    "MWorkers. 5 as in Salt; more than 1.5 times the cores gain nothing. 0 runs every role in one process, for small hosts.",
  ),
  keep_jobs_seconds: key(seconds, 86_400, "Jobs and returns older than this are forgotten. A day, as in Salt."),
  job_store_max_bytes: key(
    v.pipe(v.number("is not a number"), v.integer("is not a whole number"), v.minValue(1_048_576, "is below 1048576")),
    10_737_418_240,
    "When jobs and returns take more than this, the oldest jobs are forgotten until they do not. 10 GiB.",
  ),
  publish_session: key(
    seconds,
    86_400,
    "A new publish epoch begins this often. A day, as in Salt; nobody re-authenticates for it.",
  ),
  loop_interval: key(seconds, 60, "How often Maintenance looks after old jobs."),
  nodegroups: key(
    map(nodegroup, "is not a map of names to targets"),
    {},
    "Names for targets, used with -N and N@.",
  ),
  reactor: key(reactor, [], "What is done when an event's tag matches; see the runbook."),
  schedule: key(schedule, {}, "Jobs that the master gives at times, by name; see the runbook."),
  log_level: key(
    v.picklist(LOG_LEVELS, `is none of ${LOG_LEVELS.join(", ")}`),
    "info",
    "The least grave records that are written.",
  ),
  log_file: key(v.nullable(text), null, "Where records go. The default is stderr, where systemd takes them."),
  log_format: key(
    v.picklist(["text", "json"], "is neither text nor json"),
    "text",
    "Lines for people, or a JSON document a line.",
  ),
  log_max_bytes: key(
    v.pipe(v.number("is not a number"), v.integer("is not a whole number"), v.minValue(0, "is negative")),
    104_857_600,
    "A log file of this size is renamed to NAME.1 and a new one begun; 0: never. SIGUSR1 begins a new one after somebody else has renamed it.",
  ),
} as const;

/** The master's configuration, resolved. */
export interface MasterConfig {
  readonly paths: Paths;
  readonly interface: string;
  readonly publishPort: number;
  readonly retPort: number;
  readonly workerThreads: number;
  readonly keepJobsMs: number;
  readonly jobStoreMaxBytes: number;
  readonly publishSessionMs: number;
  readonly loopIntervalMs: number;
  readonly nodegroups: Readonly<Record<string, string | readonly string[]>>;
  readonly reactor: Reactions;
  readonly schedule: Schedule;
  readonly logLevel: LogLevel;
  readonly logFile: string | undefined;
  readonly logFormat: "text" | "json";
  /** A log file of this size is put aside and a new one begun; 0: never. */
  readonly logMaxBytes: number;
  /** Demos on loopback only: every key is accepted. */
  readonly insecureAutoAccept: boolean;
}

/** Units and names as the code uses them. */
export function resolveMasterConfig(
  values: ConfigValues<typeof MASTER_KEYS>,
  paths: Paths,
  { insecureAutoAccept = false }: { insecureAutoAccept?: boolean } = {},
): MasterConfig {
  return {
    paths,
    interface: values.interface,
    publishPort: values.publish_port,
    retPort: values.ret_port,
    workerThreads: values.worker_threads,
    keepJobsMs: values.keep_jobs_seconds * 1000,
    jobStoreMaxBytes: values.job_store_max_bytes,
    publishSessionMs: values.publish_session * 1000,
    loopIntervalMs: values.loop_interval * 1000,
    nodegroups: values.nodegroups,
    reactor: values.reactor,
    schedule: values.schedule,
    logLevel: values.log_level,
    logFile: values.log_file ?? undefined,
    logFormat: values.log_format,
    logMaxBytes: values.log_max_bytes,
    insecureAutoAccept,
  };
}
