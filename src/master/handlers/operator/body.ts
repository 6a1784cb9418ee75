/** A piece of a return that was too large for an event. @module */
import { CHUNK_BYTES } from "../../../wire/minion_messages.ts";
import { Refused } from "../../refused.ts";
import type { OperatorHandler } from "./handler.ts";

export const body: OperatorHandler<"body"> = ({ jid, minion, offset }, _from, desk) => {
  const head = desk.store.jobs.findReturn(jid, minion);
  const data = head && desk.store.jobs.readBody(jid, minion, offset, CHUNK_BYTES);
  if (!head || !data) throw new Refused("absent", `Cannot read the return of ${minion} to ${jid}: there is none`);
  return { sizeBytes: head.sizeBytes, data };
};
