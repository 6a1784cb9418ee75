/**
 * A job's return: committed, then acknowledged, then told. A large body is asked for first.
 *
 * @module
 */
import type { FromMinion } from "../../../wire/minion_messages.ts";
import type { ReturnHead, ReturnState } from "../../../store/job_store.ts";
import { sameBytes } from "../../../core/bytes.ts";
import { sha256 } from "../../../runtime/crypto.ts";
import type { Desk, Sender } from "../../desk.ts";
import type { MinionHandler } from "./handler.ts";

type Return = Extract<FromMinion, { kind: "return" }>;

/** Named `returned` because `return` is a keyword. */
export const returned: MinionHandler<"return"> = (message, from, desk) => {
  const { id, jid, body } = message;
  if (!desk.expectedOf(jid).has(id)) return dropUnexpected(message, from, desk);
  if (body && (body.length !== message.sizeBytes || !sameBytes(sha256(body), message.hash))) {
    desk.log.warning(`${id} returned ${jid} with a body that is not what it announced`);
    return desk.toMinion(from.peer, { kind: "want", jid, offset: 0 });
  }
  desk.commit.add(() => {
    const before = desk.store.jobs.findReturn(jid, id);
    const state = desk.store.jobs.putReturn({ ...message, minion: id, body }, desk.clock.now());
    // A worker that died may have committed it and told nobody: then it is told now. Clients count each minion once.
    const isNews = before === undefined || from.isRepeated;
    return () => settle(state, isNews ? message : undefined, { jid, id }, from, desk);
  });
};

/** Tells the minion what became of its return, and everybody else when it is new and whole. */
export function settle(
  state: ReturnState,
  news: Omit<ReturnHead, "jid" | "minion"> & Pick<Return, "body"> | undefined,
  { jid, id }: Pick<Return, "jid" | "id">,
  from: Sender,
  desk: Desk,
): void {
  if (!state.isComplete) return desk.toMinion(from.peer, { kind: "want", jid, offset: state.offset });
  desk.acknowledge(from.peer, jid);
  if (!news) return;
  const { retcode, success, startedAt, durationMs, sizeBytes, body } = news;
  const data = { minion: id, retcode, success, startedAt, durationMs, sizeBytes, ...(body ? { body } : {}) };
  desk.emit(`brine/job/${jid}/ret/${id}`, data);
}

/** Nobody asked this minion, or the job is long forgotten: it may forget it too. */
function dropUnexpected({ id, jid }: Return, from: Sender, desk: Desk): void {
  desk.log.warning(`${id} returned ${jid}, which does not expect it`);
  desk.emit(`brine/minion/${id}/unexpected`, { id, jid });
  desk.acknowledge(from.peer, jid);
}
