/** A minion is there and hears jobs: what it said of itself is kept, and everybody may know. @module */
import type { MinionHandler } from "./handler.ts";

export const ready: MinionHandler<"ready"> = ({ id, version, grains }, from, desk) => {
  desk.commit.add(() => {
    desk.store.minions.put(id, version, grains, desk.clock.now());
    return () => {
      desk.queue.send({ kind: "known", peer: from.peer });
      desk.emit(`brine/minion/${id}/start`, { id, version });
    };
  });
};
