/** Kills a job wherever it runs; each minion confirms with its return. @module */
import { encodeMinionMessage } from "../../../wire/minion_messages.ts";
import { Refused } from "../../refused.ts";
import type { OperatorHandler } from "./handler.ts";

export const jobKill: OperatorHandler<"job_kill"> = ({ jid }, from, desk) => {
  if (!desk.store.jobs.findJob(jid)) {
    throw new Refused("absent", `Cannot kill job ${jid}: the master keeps no job of that id`);
  }
  const returned = new Set(desk.store.jobs.returnsOf(jid, 0).map(({ minion }) => minion));
  const asked = desk.store.jobs.expectedOf(jid).filter((id) => !returned.has(id) && desk.presence.find(id));
  const message = encodeMinionMessage({ kind: "kill", jid });
  for (const id of asked) desk.queue.send({ kind: "to_minion", id, message });
  desk.log.info(`${from.id} kills ${jid} on ${asked.length} minions`);
  return { asked };
};
