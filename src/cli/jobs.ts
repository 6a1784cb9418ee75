/** `brine jobs`. @module */
import type { Command } from "commander";
import type { Brine, JobInfo } from "../client/brine.ts";
import { parseDurationMs } from "../core/duration.ts";
import { ProtocolError, UsageError } from "../core/errors.ts";
import { type Jid, parseJid } from "../core/jid.ts";
import { formatAge } from "../output/age.ts";
import { formatJson } from "../output/json.ts";
import { formatTable, truncate } from "../output/table.ts";
import { compileGlob } from "../target/glob.ts";
import { failReading } from "../target/target_error.ts";
import { NodeSet } from "../target/node_set.ts";
import { writeOut } from "../runtime/terminal.ts";
import { withMaster } from "./client.ts";
import { EXIT } from "./exit_codes.ts";
import { exitCodeOfRun, followJob, type FollowOptions, printSummary } from "./follow.ts";
import { Interrupt } from "./interrupt.ts";
import { type GlobalOptions, styleFor } from "./surroundings.ts";

/** A whole script may be an argument; the list shows where it begins. */
const MAX_CALL_CHARS = 60;

/** The newest jobs that a filter looks at. */
const MAX_LOOKED_AT = 1_000;

/** Which jobs are listed. */
interface JobFilter {
  readonly function?: string;
  readonly operator?: string;
  readonly since?: string;
  readonly unfinished?: boolean;
}

function filterOf({ function: glob, operator, since, unfinished }: JobFilter): (job: JobInfo) => boolean {
  const matches = glob === undefined ? () => true : compileGlob(glob, failReading(glob, "function"));
  const afterMs = since === undefined ? 0 : Date.now() - parseDurationMs(since, "--since");
  return (job) =>
    matches(job.function) && (operator === undefined || job.operator === operator) && job.createdAt >= afterMs &&
    (!unfinished || job.returnedCount < job.expectedCount);
}

/** `brine jobs list`. */
export async function jobsList(_own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions & JobFilter & { limit: number }>();
  const isWanted = filterOf(options);
  return await withMaster(options, async (brine) => {
    const jobs: JobInfo[] = [];
    for await (const job of brine.jobs(MAX_LOOKED_AT)) {
      if (isWanted(job)) jobs.push(job);
      if (jobs.length >= options.limit) break;
    }
    if (options.json) {
      writeOut(`${formatJson(jobs, 2)}\n`);
      return EXIT.ok;
    }
    if (jobs.length === 0) {
      writeOut("no jobs yet\n");
      return EXIT.ok;
    }
    const now = Date.now();
    const rows = jobs.map((job) => [
      job.jid,
      formatAge(job.createdAt, now),
      job.operator,
      job.target.expression,
      truncate([job.function, ...job.arguments.map(String)].join(" "), MAX_CALL_CHARS),
      `${job.returnedCount}/${job.expectedCount}`,
    ]);
    const columns = [
      { title: "jid" },
      { title: "when" },
      { title: "operator" },
      { title: "target" },
      { title: "function" },
      { title: "returned", align: "right" },
    ] as const;
    writeOut(`${formatTable(columns, rows, styleFor())}\n`);
    return EXIT.ok;
  });
}

/** `brine jobs show`: what there is now. */
export async function jobsShow(jid: string, _own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions & FollowOptions>();
  return await withMaster(options, async (brine) => {
    const summary = await look(brine, readJid(jid));
    await printSummary(summary, options);
    return exitCodeOfRun(summary);
  });
}

/** `brine jobs attach`: what there is, and what still comes. */
export async function jobsAttach(jid: string, _own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions & FollowOptions & { timeout?: string }>();
  const timeoutMs = options.timeout === undefined ? undefined : parseDurationMs(options.timeout, "--timeout");
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  return await withMaster(options, async (brine, again) => {
    using interrupt = new Interrupt();
    using job = await brine.attach(readJid(jid), limit);
    return await followJob(job, options, {
      signal: interrupt.signal,
      reattach: async (same) => await (await again()).attach(same, limit),
    });
  });
}

/** `brine jobs missing`: who has not answered. */
export async function jobsMissing(jid: string, _own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  return await withMaster(options, async (brine) => {
    const { missing } = await look(brine, readJid(jid));
    if (options.json) writeOut(`${formatJson(Object.fromEntries(missing), 2)}\n`);
    else for (const [id, reason] of missing) writeOut(`${id}: ${reason}\n`);
    return missing.size === 0 ? EXIT.ok : EXIT.missing;
  });
}

/** How long minions that were asked to kill a job are waited for: they give its processes two seconds to end by themselves. */
const KILL_LIMIT_MS = 15_000;

/** `brine jobs kill`: asks every minion that has not answered to kill the job, and says which of them did. */
export async function jobsKill(jid: string, _own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  return await withMaster(options, async (brine) => {
    const asked = await brine.kill(readJid(jid));
    if (asked.length === 0 && !options.json) {
      writeOut("nobody is at work on it\n");
      return EXIT.ok;
    }
    const open = new Set(asked);
    using job = await brine.attach(readJid(jid), { timeoutMs: KILL_LIMIT_MS });
    for await (const { minion } of job) if (open.delete(minion) && open.size === 0) break;
    const ended = asked.filter((id) => !open.has(id));
    const silent = [...open];
    if (options.json) writeOut(`${formatJson({ jid, asked, ended, silent })}\n`);
    else {
      if (ended.length > 0) writeOut(`ended: ${NodeSet.of(ended)} (${ended.length}); see brine jobs show ${jid}\n`);
      if (silent.length > 0) writeOut(`did not confirm: ${NodeSet.of(silent)} (${silent.length})\n`);
    }
    return silent.length > 0 ? EXIT.missing : EXIT.ok;
  });
}

async function look(brine: Brine, jid: Jid) {
  using job = await brine.attach(jid, { follow: false });
  await job.loaded();
  return job.summary();
}

function readJid(text: string): Jid {
  try {
    return parseJid(text);
  } catch (thrown) {
    throw thrown instanceof ProtocolError ? new UsageError(thrown.message) : thrown;
  }
}
