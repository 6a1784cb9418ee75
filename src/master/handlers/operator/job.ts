/** One job with everything that came back so far; the rest follows as events, if that is wanted. @module */
import type { JobRecord } from "../../../store/job_store.ts";
import { INLINE_BODY_BYTES } from "../../../wire/minion_messages.ts";
import { Refused } from "../../refused.ts";
import type { OperatorHandler } from "./handler.ts";

/** Bytes of bodies in one reply; the client asks for the others one by one. */
const MAX_REPLY_BYTES = 1024 * 1024;

export const job: OperatorHandler<"job"> = ({ jid, follow }, from, desk) => {
  // Subscribed first, read second: nothing falls in between, and the client counts each minion once.
  if (follow) {
    desk.events.send({ kind: "subscribe", peer: from.peer, glob: `brine/job/${jid}/*` });
    desk.events.send({ kind: "subscribe", peer: from.peer, glob: "brine/presence/*" });
  }
  const record = desk.store.jobs.findJob(jid);
  if (!record) throw new Refused("absent", `Cannot show job ${jid}: the master keeps no job of that id`);
  let roomBytes = MAX_REPLY_BYTES;
  const returns = desk.store.jobs.returnsOf(jid, INLINE_BODY_BYTES).map(({ jid: _jid, body, ...rest }) => {
    roomBytes -= body?.length ?? 0;
    return body && roomBytes > 0 ? { ...rest, body } : rest;
  });
  return {
    head: headOf(record, returns.length),
    expected: desk.store.jobs.expectedOf(jid),
    returns,
    places: Object.fromEntries(desk.store.jobs.placesOf(jid)),
  };
};

/** A job as it is told. */
export function headOf(record: JobRecord, returnedCount: number) {
  const { jid, target, function: name, arguments: words, named, operator, createdAt, expectedCount } = record;
  return { jid, target, function: name, arguments: words, named, operator, createdAt, expectedCount, returnedCount };
}
