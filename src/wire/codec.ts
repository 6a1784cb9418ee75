/**
 * Values to msgpack and back. Whatever comes from a peer goes through {@link decode}: limits first, then values,
 * then a schema; below that line everything is typed and nothing is checked twice.
 *
 * @module
 */
import { Packr, Unpackr } from "msgpackr";
import * as v from "valibot";
import { ProtocolError, reasonOf } from "../core/errors.ts";
import { printable } from "../core/printable.ts";
import { checkPayload, MESSAGE_LIMITS, type PayloadLimits } from "./limits.ts";

// Plain msgpack that any other implementation reads: no record extension, no structured clones.
const packr = new Packr({ useRecords: false, mapsAsObjects: true, moreTypes: false, variableMapSize: true });
// A 64-bit integer becomes a number where that is exact: others than we write times so. (The types forgot "auto".)
const int64AsType = "auto" as "number";
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, moreTypes: false, int64AsType });

/** msgpack of a value made of null, booleans, numbers, strings, bytes, lists and maps with string keys. */
export function encode(value: unknown): Uint8Array {
  return packr.pack(value);
}

/**
 * The value that `bytes` hold; anything outside `limits` or malformed is a `ProtocolError`. Of a key that a map has
 * twice the last value counts: there is one reader, and what is signed or sealed is bytes, so nobody can be made to see
 * another value than somebody else.
 */
export function decode(bytes: Uint8Array, limits: PayloadLimits = MESSAGE_LIMITS): unknown {
  checkPayload(bytes, limits);
  try {
    return unpackr.unpack(bytes);
  } catch (cause) {
    throw new ProtocolError(`Cannot read payload: ${reasonOf(cause)}`, { cause });
  }
}

/** The value that this same program encoded in another process of the same master: nothing is checked. */
export function decodeTrusted(bytes: Uint8Array): unknown {
  return unpackr.unpack(bytes);
}

/** A schema for one message kind: an object with a literal `kind`. */
type KindSchema = v.GenericSchema<unknown, { readonly kind: string }>;

/** Reads one union of messages: the kind chooses the schema, the schema builds the value. */
export function messageReader<const S extends Readonly<Record<string, KindSchema>>>(what: string, schemas: S) {
  type Message = v.InferOutput<S[keyof S]>;
  const byKind = new Map<unknown, KindSchema>(Object.entries(schemas));
  return (bytes: Uint8Array, limits: PayloadLimits = MESSAGE_LIMITS): Message => {
    const value = decode(bytes, limits);
    const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
    if (typeof kind !== "string") throw new ProtocolError(`Cannot read ${what}: it has no kind`);
    const schema = byKind.get(kind);
    if (!schema) {
      throw new ProtocolError(`Cannot read ${what}: unknown kind ${printable(JSON.stringify(kind.slice(0, 40)))}`);
    }
    const result = v.safeParse(schema, value, { abortEarly: true });
    if (!result.success) {
      throw new ProtocolError(`Cannot read ${what} "${kind}": ${issueText(result.issues[0])}`);
    }
    return result.output as Message;
  };
}

/** The value that `bytes` hold if `schema` agrees, else a `ProtocolError`. */
export function decodeAs<S extends v.GenericSchema>(what: string, schema: S, bytes: Uint8Array): v.InferOutput<S> {
  const result = v.safeParse(schema, decode(bytes), { abortEarly: true });
  if (!result.success) throw new ProtocolError(`Cannot read ${what}: ${issueText(result.issues[0])}`);
  return result.output;
}

function issueText(issue: v.BaseIssue<unknown>): string {
  const path = issue.path?.map((item) => String(item.key)).join(".") ?? "value";
  return printable(`${path.slice(0, 80)}: ${issue.message.slice(0, 120)}`);
}
