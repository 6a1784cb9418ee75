/** A piece of a return that was too large for one message. @module */
import type { MinionHandler } from "./handler.ts";
import { settle } from "./return.ts";

export const chunk: MinionHandler<"chunk"> = ({ id, jid, offset, data }, from, desk) => {
  desk.commit.add(() => {
    const wasComplete = desk.store.jobs.isComplete(jid, id);
    const state = desk.store.jobs.putChunk(jid, id, offset, data);
    return () => {
      if (!state) return desk.log.warning(`${id} sent a piece of ${jid}, which it never announced`);
      const news = state.isComplete && (!wasComplete || from.isRepeated)
        ? desk.store.jobs.findReturn(jid, id)
        : undefined;
      settle(state, news, { jid, id }, from, desk);
    };
  });
};
