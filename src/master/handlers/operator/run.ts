/**
 * A new job: whom it means is judged here once, on accepted keys and known grains; then it is kept, published and
 * answered for.
 *
 * @module
 */
import { UsageError } from "../../../core/errors.ts";
import { newJid } from "../../../core/jid.ts";
import { NodeSet } from "../../../target/node_set.ts";
import { parseTarget } from "../../../target/parse.ts";
import type { FromOperator, ReplyTo } from "../../../wire/operator_messages.ts";
import { encodePublished } from "../../../wire/publish.ts";
import type { Target } from "../../../target/expression.ts";
import type { Desk, Sender } from "../../desk.ts";
import { Refused } from "../../refused.ts";
import { followJob } from "./follow_job.ts";
import type { OperatorHandler } from "./handler.ts";

/** One frame to every minion: larger things are files. */
const MAX_JOB_BYTES = 1024 * 1024;

type Run = Extract<FromOperator, { kind: "run" }>;

export const run: OperatorHandler<"run"> = async (request, from, desk) => {
  if (from.isRepeated) {
    const again = await runAgain(request, from, desk);
    if (again) return again;
  }
  const { expected, published } = await resolve(request, desk);
  const absent = absentOf(expected, desk);
  const unreachable = Object.fromEntries(absent);
  if (request.preview) return { expected, unreachable };

  const createdAt = desk.clock.now();
  const jid = newJid(createdAt, desk.random);
  const { function: name, arguments: words, named, ttlMs } = request;
  const job = {
    jid,
    target: request.target,
    function: name,
    arguments: words,
    named,
    operator: from.id,
    createdAt,
    expiresAt: createdAt + ttlMs,
  };
  const plain = encodePublished({ kind: "job", ...job, target: published });
  if (plain.length > MAX_JOB_BYTES) {
    throw new Refused("usage", `Cannot publish ${name}: it has ${plain.length} bytes, limit ${MAX_JOB_BYTES}`);
  }
  desk.store.jobs.addJob({ ...job, expectedCount: expected.length }, expected, absent, from.key);
  followJob(jid, from, desk);
  desk.publisher.send({ kind: "publish", plain });
  desk.emit(`brine/job/${jid}/new`, {
    jid,
    target: request.target.expression,
    function: name,
    operator: from.id,
    expectedCount: expected.length,
  });
  desk.log.info(`${from.id} runs ${name} on ${request.target.expression} (${expected.length}): ${jid}`);
  return { jid, expected, unreachable };
};

/**
 * A worker died over this request. If it had kept the job, that is the one that is published and answered for, so that
 * nothing runs twice: minions that have heard of it know its id.
 */
async function runAgain({ target }: Run, from: Sender, desk: Desk): Promise<ReplyTo<"run"> | undefined> {
  const job = desk.store.jobs.findByRequest(from.key);
  if (!job) return undefined;
  const { jid, expectedCount: _count, ...rest } = job;
  const published = await publishable(target, desk);
  followJob(jid, from, desk);
  desk.publisher.send({ kind: "publish", plain: encodePublished({ kind: "job", jid, ...rest, target: published }) });
  const absent = [...desk.store.jobs.placesOf(jid)].filter(([, { state }]) => state === "unreachable");
  const unreachable = Object.fromEntries(absent.map(([id, { since }]) => [id, since]));
  return { jid, expected: desk.store.jobs.expectedOf(jid), unreachable };
}

/** The target as minions can read it: they know no nodegroups, so those are spelled out. */
async function publishable(target: Target, desk: Desk): Promise<Target> {
  if (target.kind !== "nodegroup" && target.kind !== "compound") return target;
  const matcher = await parseTarget(target, { nodegroups: desk.config.nodegroups });
  return { kind: "compound", expression: matcher.toString() };
}

async function resolve({ target }: Run, desk: Desk) {
  const matcher = await parseTarget(target, { nodegroups: desk.config.nodegroups }).catch((thrown: unknown) => {
    if (thrown instanceof UsageError) throw new Refused("usage", thrown.message);
    throw thrown;
  });
  const ids = desk.store.keys.acceptedIds("minion");
  if (matcher.usesGrains) await desk.presence.settled(ids); // those who are coming in say their grains first
  const known = matcher.usesGrains ? desk.store.minions.all() : undefined;
  const expected = ids.filter((id) => matcher.matches({ id, grains: known?.get(id)?.grains ?? {} }));
  await desk.presence.settled(expected);
  if (expected.length > 0) return { expected, published: await publishable(target, desk) };
  const waiting = desk.store.keys.list().filter(({ role, state, id }) =>
    role === "minion" && state === "pending" && matcher.matches({ id, grains: {} })
  );
  throw new Refused(
    "absent",
    `No minion matches "${target.expression}": ${whoIsThere(ids, waiting.map(({ id }) => id))}`,
  );
}

/** For somebody whose target met nobody; short, however many there are. */
function whoIsThere(accepted: readonly string[], waiting: readonly string[]): string {
  const names = String(NodeSet.of(waiting.length > 0 ? waiting : accepted)).slice(0, 400);
  if (waiting.length === 1) return `${names} is pending: type \`brine key accept ${names}\` on the master`;
  if (waiting.length > 1) return `${names} are pending: type \`brine key accept '${names}'\` on the master`;
  return accepted.length === 0 ? "no minion has an accepted key yet" : `there are: ${names}`;
}

/** Those that are not connected, with the time they were last seen. */
function absentOf(expected: readonly string[], desk: Desk): Map<string, number> {
  const down = expected.filter((id) => !desk.presence.find(id));
  if (down.length === 0) return new Map();
  desk.commit.flush(); // who has just gone is among those that wait to be written
  const seen = desk.store.minions.seen();
  return new Map(down.map((id) => [id, seen.get(id)?.at ?? 0]));
}
