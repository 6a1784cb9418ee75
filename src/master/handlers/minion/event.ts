/** A minion tells of something: filed under its own prefix and nowhere else (T20). @module */
import type { MinionHandler } from "./handler.ts";

export const event: MinionHandler<"event"> = ({ id, tag, data }, _from, desk) => {
  desk.emit(`brine/minion/${id}/${tag}`, data);
};
