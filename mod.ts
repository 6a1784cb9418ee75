/**
 * Brine as a library: the same client that the command line uses. It prints nothing.
 *
 * ```ts no-eval
 * import { connect } from "./mod.ts";
 *
 * await using brine = await connect({ root: "/srv/brine" });
 * using job = await brine.run({ target: "web*", function: "cmd.run", arguments: ["uname -r"] });
 * for await (const { minion, return: kernel } of job) console.log(minion, kernel);
 * const { missing } = job.summary();
 * ```
 *
 * @module
 */
export { Brine } from "./src/client/brine.ts";
export { connect } from "./src/client/connect.ts";
export { RefusedError, UnreachableError, UsageError } from "./src/core/errors.ts";
export type { Job, JobInfo, KeyList, MinionInfo, Preview, RunRequest } from "./src/client/brine.ts";
export type { ConnectOptions } from "./src/client/connect.ts";
export type { Answer } from "./src/client/job_watch.ts";
export type { LedgerState, MinionReturn, RunSummary } from "./src/core/run_summary.ts";
export type { Target, TargetKind } from "./src/target/expression.ts";
export type { BusEvent } from "./src/wire/operator_messages.ts";
