/** A new enrolment token. @module */
import type { OperatorHandler } from "./handler.ts";

export const token: OperatorHandler<"token"> = ({ ttlMs, uses }, from, desk) => {
  desk.log.info(`${from.id} makes a token for ${uses} keys, good for ${Math.round(ttlMs / 1000)} s`);
  return { token: desk.store.keys.makeToken(ttlMs, uses, desk.clock.now()) };
};
