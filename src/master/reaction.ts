/**
 * One configured action on one event: what it comes to, with the event's values put in as values.
 *
 * @module
 */
import type { Action, FromEvent } from "../config/actions.ts";
import { toJson } from "../core/json.ts";
import { isMinionId } from "../core/minion_id.ts";
import { encode } from "../wire/codec.ts";
import type { BusEvent } from "../wire/operator_messages.ts";
import type { HouseJob } from "./house_operator.ts";

/** Events that may lead to one another, so that a reaction which feeds itself comes to an end. */
export const MAX_HOPS = 8;

/** What a client can be told of one event. */
const MAX_EVENT_BYTES = 64 * 1024;

/** Below this, a minion says what is in an event, its number of hops too; no reaction emits there. */
const MINIONS_OWN = "brine/minion/";

/** What is to be done. */
export type Reaction =
  | { readonly kind: "run"; readonly job: HouseJob }
  | { readonly kind: "command"; readonly argv: readonly string[]; readonly stdin: string; readonly timeoutMs: number }
  | { readonly kind: "emit"; readonly tag: string; readonly data: Readonly<Record<string, unknown>> };

type Value = string | number | boolean | null | FromEvent;

/** Works an action out for `event`; throws when a value that it needs is missing or unfit. */
export function reactionOf(action: Action, event: BusEvent): Reaction {
  const valuesOf = (values: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, valueOf(value, event)]));
  if ("emit" in action) {
    return { kind: "emit", tag: action.emit, data: emitted(action.emit, valuesOf(action.data), event) };
  }
  if ("command" in action) {
    const argv = action.command.map((word) => typeof word === "object" ? oneWord(event, word.event) : String(word));
    return { kind: "command", argv, stdin: JSON.stringify(toJson(event)), timeoutMs: action.timeout * 1000 };
  }
  const words = action.arguments.map((value) => argumentOf(value, event));
  const target = typeof action.target === "string"
    ? { kind: action.kind, expression: action.target }
    : { kind: "list" as const, expression: oneId(event, action.target.event) };
  return { kind: "run", job: { target, function: action.run, arguments: words, named: valuesOf(action.named) } };
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

function valueOf(value: Value, event: BusEvent): unknown {
  return typeof value === "object" && value !== null ? fieldOf(event, value.event) : value;
}

/** Minions read a word `cwd=/tmp` as an argument by name. Whoever configures one may mean that; an event may not. */
function argumentOf(value: Value, event: BusEvent): unknown {
  const argument = valueOf(value, event);
  if (typeof value !== "object" || value === null || typeof argument !== "string") return argument;
  if (!/^[A-Za-z_][A-Za-z0-9_]*=/.test(argument)) return argument;
  const advice = `where that may be, give it by name, as in named: { PARAMETER: { event: ${value.event} } }`;
  throw new Error(`Cannot react to ${event.tag}: its "${value.event}" reads as an argument by name; ${advice}`);
}

/** A word of an argument vector is one scalar: nothing else has a text that anybody agreed on. */
function oneWord(event: BusEvent, path: string): string {
  const value = fieldOf(event, path);
  if (["string", "number", "boolean", "bigint"].includes(typeof value)) return String(value);
  throw new Error(`Cannot react to ${event.tag}: its "${path}" is neither text nor a number`);
}

/** An event may name one minion, never a pattern: what a minion says must not widen a target. */
function oneId(event: BusEvent, path: string): string {
  const value = fieldOf(event, path);
  if (typeof value === "string" && isMinionId(value)) return value;
  throw new Error(`Cannot react to ${event.tag}: its "${path}" is no minion's id`);
}

/** The data of an event that is emitted: it says how many before it have led to it. */
function emitted(tag: string, data: Readonly<Record<string, unknown>>, event: BusEvent) {
  const before = event.tag.startsWith(MINIONS_OWN) ? 0 : event.data["hops"];
  const hops = 1 + (typeof before === "number" && before > 0 ? before : 0);
  const refuse = (state: string) => new Error(`Cannot emit ${tag} on ${event.tag}: ${state}`);
  if (!(hops <= MAX_HOPS)) throw refuse(`${MAX_HOPS} events led to it already, one to the next`);
  const whole = { ...data, hops };
  const sizeBytes = encode(whole).length;
  if (sizeBytes > MAX_EVENT_BYTES) throw refuse(`it has ${sizeBytes} bytes, limit ${MAX_EVENT_BYTES}`);
  return whole;
}
