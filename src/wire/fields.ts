/**
 * The fields that many messages share, each with its limits.
 *
 * @module
 */
import * as v from "valibot";
import { MAX_DURATION_MS } from "../core/duration.ts";
import { isJid, type Jid } from "../core/jid.ts";
import { isMinionId } from "../core/minion_id.ts";

/** An id of a minion or operator (T2). */
export const id = v.pipe(v.string(), v.check(isMinionId, "no valid id"));

/** A job id, parsed to its type before anything uses it (T21). */
export const jid = v.custom<Jid>((value) => typeof value === "string" && isJid(value), "no valid job id");

/** The last moment that a `Date` can be; one beyond it has no text and would throw wherever it is shown. */
const MAX_TIME_MS = 8.64e15;

/** Milliseconds since the epoch, or a length of time. */
export const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_TIME_MS));

/** A count or an offset. */
export const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Text that people read: a reason, a version. */
export const shortText = v.pipe(v.string(), v.maxLength(1_024));

/** Text that may be long: a target of listed ids. */
export const longText = v.pipe(v.string(), v.maxLength(1_048_576));

/** The name of a function such as `cmd.run`. */
export const functionName = v.pipe(v.string(), v.maxLength(128));

/** An event's tag: printable, no spaces. */
export const tag = v.pipe(v.string(), v.maxLength(256), v.regex(/^[!-~]+$/, "no valid tag"));

/** Bytes; a fresh view, never the pooled buffer behind it. */
export const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array, "no bytes");

/** Bytes of exactly this many. */
export const bytesOf = (sizeBytes: number) => v.pipe(bytes, v.length(sizeBytes));

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/**
 * A map whose values are anything that the payload limits let through. Not `v.record`: that one takes lists and bytes
 * for maps too (two megabytes of bytes for two million keys), and drops the keys `constructor` and `prototype`.
 */
export const anyMap = v.custom<Record<string, unknown>>(isMap, "no map");

/** A map, by minion for one, whose values are all of one kind. */
export function mapOf<S extends v.GenericSchema>(schema: S) {
  const isGood = (value: unknown) => isMap(value) && Object.values(value).every((item) => v.is(schema, item));
  return v.custom<Record<string, v.InferOutput<S>>>(isGood, "no map of such values");
}

/** How long a job or a token is good for. */
export const lifetime = v.pipe(milliseconds, v.maxValue(MAX_DURATION_MS));

/** How minions are chosen; see `target/`. */
export const target = v.strictObject({
  kind: v.picklist(["glob", "list", "regex", "grain", "grain_regex", "cidr", "nodegroup", "compound"]),
  expression: longText,
  delimiter: v.exactOptional(v.pipe(v.string(), v.maxLength(8))),
});

/** Words after the function's name, and named arguments given by the library. */
export const call = {
  function: functionName,
  arguments: v.pipe(v.array(v.unknown()), v.maxLength(1_024)),
  named: anyMap,
};

/** The states of the ledger (DESIGN, section 4). */
export const ledgerState = v.picklist([
  "published",
  "delivered",
  "running",
  "returned",
  "failed",
  "expired",
  "unreachable",
]);
