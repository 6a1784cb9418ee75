/**
 * Brine as a library: the same client that the command line uses. It prints nothing.
 *
 * Run something, take the answers as they come, then ask for the account:
 *
 * ```ts no-eval
 * import { connect } from "./mod.ts";
 *
 * await using brine = await connect({ root: "/srv/brine" });
 * using job = await brine.run({ target: "web*", function: "cmd.run", arguments: ["uname -s"] });
 * for await (const { minion, return: kernel } of job) console.log(minion, kernel);
 * const { expected, missing } = job.summary();
 * console.log(`${expected.length - missing.size} of ${expected.length} answered`);
 * ```
 *
 * Jobs and events are async iterables; what goes wrong is an error of one of three classes:
 *
 * ```ts no-eval
 * import { connect, UsageError } from "./mod.ts";
 *
 * await using brine = await connect({ root: "/srv/brine" });
 * const events = brine.events("brine/job/*");
 * const first = events[Symbol.asyncIterator]().next(); // subscribed from here on
 * (await brine.run({ target: "web1", function: "test.ping" })).stop(); // the job goes on
 * console.log((await first).value?.data["function"]);
 * for await (const { function: name, expectedCount } of brine.jobs(1)) console.log(name, expectedCount);
 * try {
 *   await brine.run({ target: "nobody", function: "test.ping" });
 * } catch (thrown) {
 *   if (thrown instanceof UsageError) console.log(thrown.message);
 * }
 * ```
 *
 * @module
 */
export { Brine } from "./src/client/brine.ts";
export { connect } from "./src/client/connect.ts";
export { RefusedError, UnreachableError, UsageError } from "./src/core/errors.ts";
export type { Job, JobInfo, KeyList, MinionInfo, Preview, RunRequest } from "./src/client/brine.ts";
export type { ConnectOptions } from "./src/client/connect.ts";
export type { Answer } from "./src/client/body.ts";
export type { Jid } from "./src/core/jid.ts";
export type { LedgerState, MinionReturn, RunSummary } from "./src/core/run_summary.ts";
export type { Target, TargetKind } from "./src/target/expression.ts";
export type { BusEvent } from "./src/wire/operator_messages.ts";
