/**
 * From now on a client hears of a job, and of minions that come and go.
 *
 * @module
 */
import type { Jid } from "../../../core/jid.ts";
import type { Desk, Sender } from "../../desk.ts";

/** Subscribes the sender's connection. */
export function followJob(jid: Jid, { peer }: Sender, desk: Desk): void {
  desk.queue.send({ kind: "subscribe", peer, globs: [`brine/job/${jid}/*`, "brine/presence/*"] });
}
