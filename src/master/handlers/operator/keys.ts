/** The keys that the master knows, by role and state. @module */
import type { KeyEntry, KeyRole, Standing } from "../../../store/key_store.ts";
import type { OperatorHandler } from "./handler.ts";

export const keys: OperatorHandler<"keys"> = (_request, _from, desk) => {
  const entries = desk.store.keys.list();
  return { master: desk.fingerprint, minions: byState(entries, "minion"), operators: byState(entries, "operator") };
};

function byState(entries: readonly KeyEntry[], role: KeyRole) {
  const of = (state: Standing) =>
    entries
      .filter((entry) => entry.role === role && entry.state === state)
      .map(({ id, fingerprint, since }) => ({ id, fingerprint, since }));
  return { accepted: of("accepted"), pending: of("pending"), rejected: of("rejected") };
}
