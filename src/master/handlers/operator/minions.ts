/** Everybody who has an accepted key, and whether they are there. @module */
import type { OperatorHandler } from "./handler.ts";

export const minions: OperatorHandler<"minions"> = (_request, _from, desk) => {
  desk.commit.flush(); // what they have just said is among what waits to be written
  const versions = desk.store.minions.versions();
  const seen = desk.store.minions.seen();
  return desk.store.keys.acceptedIds("minion").map((id) => {
    const up = desk.presence.find(id);
    const last = seen.get(id);
    return {
      id,
      isUp: up !== undefined,
      since: up?.since ?? last?.at ?? 0,
      version: versions.get(id) ?? "",
      address: up?.address ?? last?.address ?? "",
    };
  });
};
