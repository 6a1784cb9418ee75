/**
 * The fields that many messages share, each with its limits.
 *
 * @module
 */
import * as v from "valibot";
import { isJid, type Jid } from "../core/jid.ts";
import { isMinionId } from "../core/minion_id.ts";

/** An id of a minion or operator (T2). */
export const id = v.pipe(v.string(), v.check(isMinionId, "no valid id"));

/** A job id, parsed to its type before anything uses it (T21). */
export const jid = v.custom<Jid>((value) => typeof value === "string" && isJid(value), "no valid job id");

/** Milliseconds since the epoch, or a length of time. */
export const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));

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

/** A map whose values are anything that the payload limits let through. */
export const anyMap = v.record(v.string(), v.unknown());

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
