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
import type { FromOperator } from "../../../wire/operator_messages.ts";
import { encodePublished } from "../../../wire/publish.ts";
import type { Desk } from "../../desk.ts";
import { Refused } from "../../refused.ts";
import type { OperatorHandler } from "./handler.ts";

type Run = Extract<FromOperator, { kind: "run" }>;

export const run: OperatorHandler<"run"> = async (request, from, desk) => {
  const { expected, published } = await resolve(request, desk);
  await desk.presence.settled(expected);
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
  desk.store.jobs.addJob({ ...job, expectedCount: expected.length }, expected, absent);
  desk.events.send({ kind: "subscribe", peer: from.peer, glob: `brine/job/${jid}/*` });
  desk.events.send({ kind: "subscribe", peer: from.peer, glob: "brine/presence/*" });
  desk.publisher.send({ kind: "publish", plain: encodePublished({ kind: "job", ...job, target: published }) });
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

async function resolve({ target }: Run, desk: Desk) {
  const matcher = await parseTarget(target, { nodegroups: desk.config.nodegroups }).catch((thrown: unknown) => {
    if (thrown instanceof UsageError) throw new Refused("usage", thrown.message);
    throw thrown;
  });
  const ids = desk.store.keys.acceptedIds("minion");
  const known = matcher.usesGrains ? desk.store.minions.all() : undefined;
  const expected = ids.filter((id) => matcher.matches({ id, grains: known?.get(id)?.grains ?? {} }));
  // Minions know no nodegroups: those are spelled out.
  const isSpelledOut = target.kind === "nodegroup" || target.kind === "compound";
  const published = isSpelledOut ? { kind: "compound" as const, expression: matcher.toString() } : target;
  if (expected.length > 0) return { expected, published };
  const there = ids.length === 0 ? "no minion has an accepted key yet" : `there are: ${String(NodeSet.of(ids))}`;
  throw new Refused("absent", `No minion matches "${target.expression}": ${there.slice(0, 600)}`);
}

/** Those that are not connected, with the time they were last seen. */
function absentOf(expected: readonly string[], desk: Desk): Map<string, number> {
  const down = expected.filter((id) => !desk.presence.find(id));
  if (down.length === 0) return new Map();
  const seen = desk.store.minions.seen();
  return new Map(down.map((id) => [id, seen.get(id)?.at ?? 0]));
}
