/**
 * Accepts, rejects or deletes keys. It takes effect at once: an accepted minion is welcomed on the connection that it
 * waits on, a rejected or deleted one is put out of both sockets and of the epoch.
 *
 * @module
 */
import { failReading } from "../../../target/target_error.ts";
import { compileGlob } from "../../../target/glob.ts";
import type { KeyEntry } from "../../../store/key_store.ts";
import type { FromOperator } from "../../../wire/operator_messages.ts";
import type { Desk } from "../../desk.ts";
import { Refused } from "../../refused.ts";
import type { OperatorHandler } from "./handler.ts";

type KeyChange = Extract<FromOperator, { kind: "key_change" }>;

const PAST = { accept: "accepted", reject: "rejected", delete: "deleted" } as const;

export const keyChange: OperatorHandler<"key_change"> = (request, from, desk) => {
  const { role, change } = request;
  const ids = named(request, desk.store.keys.list());
  if (role === "operator" && change !== "accept" && ids.includes(from.id)) {
    throw new Refused("usage", `Cannot ${change} the key of ${from.id}: it is the one you are using`);
  }
  const changed = desk.store.keys.change(role, ids, change, desk.clock.now());
  for (const entry of changed) apply(entry, PAST[change], from.id, desk);
  // One rotation for all that go, and none for keys that never heard anything.
  const heard = changed.filter(({ state }) => role === "minion" && change !== "accept" && state === "accepted");
  if (heard.length > 0) desk.queue.send({ kind: "expel", keyIds: heard.map(({ keyId }) => keyId) });
  return { changed: changed.map(({ id }) => id) };
};

/** The ids that the globs name. A plain name that names nobody is an error; a glob that matches nobody is not. */
function named({ role, globs, change }: KeyChange, entries: readonly KeyEntry[]): string[] {
  const found = new Set<string>();
  for (const glob of globs) {
    const matches = compileGlob(glob, failReading(glob, "key"), { commasSeparate: true });
    // Accepting what was rejected is a decision of its own: a glob does not take it along, its name does.
    const candidates = entries.filter(({ role: other, id, state }) =>
      other === role && (id === glob || (matches(id) && !(change === "accept" && state === "rejected")))
    );
    if (candidates.length === 0 && !/[*?[\]{},]/.test(glob)) {
      throw new Refused("absent", `Cannot ${change} key "${glob}": no ${role} of that name has sent one`);
    }
    for (const { id } of candidates) found.add(id);
  }
  return [...found];
}

function apply({ id, keyId, role }: KeyEntry, state: (typeof PAST)[keyof typeof PAST], operator: string, desk: Desk) {
  desk.queue.send({ kind: "standing", role, keyId, standing: state });
  desk.emit("brine/key", { id, role, change: state, operator });
  desk.log.info(`${operator}: key of ${role} ${id} ${state}`);
}
