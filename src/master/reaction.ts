/**
 * One configured action on one event: what it comes to, with the event's values put in as values.
 *
 * @module
 */
import type { Action, FromEvent } from "../config/actions.ts";
import { isMinionId } from "../core/minion_id.ts";
import type { BusEvent } from "../wire/operator_messages.ts";
import type { HouseJob } from "./house_operator.ts";

/** What is to be done. */
export type Reaction =
  | { readonly kind: "run"; readonly job: HouseJob }
  | { readonly kind: "command"; readonly argv: readonly string[]; readonly stdin: string; readonly timeoutMs: number }
  | { readonly kind: "emit"; readonly tag: string; readonly data: Readonly<Record<string, unknown>> };

/** Works an action out for `event`; throws when a value that it needs is missing or unfit. */
export function reactionOf(action: Action, event: BusEvent): Reaction {
  const valueOf = (value: string | number | boolean | null | FromEvent) =>
    typeof value === "object" && value !== null ? fieldOf(event, value.event) : value;
  if ("emit" in action) {
    const data = Object.fromEntries(Object.entries(action.data).map(([name, value]) => [name, valueOf(value)]));
    return { kind: "emit", tag: action.emit, data };
  }
  if ("command" in action) {
    const argv = action.command.map((word) => String(valueOf(word)));
    return { kind: "command", argv, stdin: JSON.stringify(event), timeoutMs: action.timeout * 1000 };
  }
  const words = action.arguments.map(valueOf);
  const target = typeof action.target === "string"
    ? { kind: action.kind, expression: action.target }
    : { kind: "list" as const, expression: oneId(fieldOf(event, action.target.event), action.target.event) };
  return { kind: "run", job: { target, function: action.run, arguments: words } };
}

/** A field of the event's data, or `tag`, `at`, `sequence`. Never a property that the data does not own. */
function fieldOf({ tag, at, sequence, data }: BusEvent, path: string): unknown {
  let value: unknown = { ...data, tag, at, sequence };
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      throw new Error(`Cannot react to ${tag}: the event has no "${path}"`);
    }
    value = Reflect.get(value, name);
  }
  return value;
}

/** An event may name one minion, never a pattern: what a minion says must not widen a target. */
function oneId(value: unknown, path: string): string {
  if (typeof value === "string" && isMinionId(value)) return value;
  throw new Error(`Cannot react: "${path}" of the event is no minion's id`);
}
