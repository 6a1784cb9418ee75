/** Jobs arrived at a minion and take their time there. @module */
import type { MinionHandler } from "./handler.ts";

export const running: MinionHandler<"running"> = ({ id, jids }, _from, desk) => {
  const expected = jids.filter((jid) => desk.expectedOf(jid).has(id));
  const at = desk.clock.now();
  desk.commit.add(() => {
    for (const jid of expected) desk.store.jobs.putPlace(jid, id, "running", at);
    return () => {
      for (const jid of expected) desk.emit(`brine/job/${jid}/running/${id}`, { minion: id });
    };
  });
};
