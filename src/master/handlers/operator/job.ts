/** One job with everything that came back so far; the rest follows as events, if that is wanted. @module */
import type { Jid } from "../../../core/jid.ts";
import type { JobRecord } from "../../../store/job_store.ts";
import { INLINE_BODY_BYTES } from "../../../wire/minion_messages.ts";
import type { ReplyTo } from "../../../wire/operator_messages.ts";
import type { Desk } from "../../desk.ts";
import { Refused } from "../../refused.ts";
import { followJob } from "./follow_job.ts";
import type { OperatorHandler } from "./handler.ts";

/** Bytes of bodies in one reply; the client asks for larger ones one by one. */
const MAX_REPLY_BYTES = 512 * 1024;

export const job: OperatorHandler<"job"> = async ({ jid, follow }, from, desk) => {
  // Subscribed first, read second: nothing falls in between, and the client counts each minion once.
  if (follow) {
    followJob(jid, from, desk);
    await desk.presence.settled(desk.store.jobs.expectedOf(jid)); // who is coming back may have it with them
  }
  desk.commit.flush(); // what has just come is among what waits to be written
  const record = desk.store.jobs.findJob(jid);
  if (!record) throw new Refused("absent", `Cannot show job ${jid}: the master keeps no job of that id`);
  const inlineBytes = Math.min(INLINE_BODY_BYTES, Math.floor(MAX_REPLY_BYTES / record.expectedCount));
  const returns = desk.store.jobs.returnsOf(jid, inlineBytes)
    .map(({ jid: _jid, body, ...rest }) => body ? { ...rest, body } : rest);
  const expected = desk.store.jobs.expectedOf(jid);
  const returned = new Set(returns.map(({ minion }) => minion));
  const places = placesOf(jid, expected.filter((id) => !returned.has(id)), desk);
  return { head: headOf(record, returns.length), expected, returns, places };
};

/** Where those stand that have not returned: what was noted, as far as what is known of the minion now allows. */
function placesOf(jid: Jid, silent: readonly string[], desk: Desk): ReplyTo<"job">["places"] {
  const noted = desk.store.jobs.placesOf(jid);
  const seen = desk.store.minions.seen();
  const places: ReplyTo<"job">["places"] = {};
  for (const id of silent) {
    const up = desk.presence.find(id);
    const note = noted.get(id);
    if (!up) places[id] = { state: "unreachable", since: seen.get(id)?.at ?? 0 };
    // What ran before it came back it says again, if it still runs.
    else if (note?.state === "running" && note.since >= up.since) places[id] = note;
  }
  return places;
}

/** A job as it is told. */
export function headOf(record: JobRecord, returnedCount: number) {
  const { jid, target, function: name, arguments: words, named, operator, createdAt, expectedCount } = record;
  return { jid, target, function: name, arguments: words, named, operator, createdAt, expectedCount, returnedCount };
}
