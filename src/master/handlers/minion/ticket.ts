/** The ticket for 4505 has run out: the front makes a new one. @module */
import type { MinionHandler } from "./handler.ts";

export const ticket: MinionHandler<"ticket"> = (_message, from, desk) => {
  desk.queue.send({ kind: "welcome", peer: from.peer });
};
