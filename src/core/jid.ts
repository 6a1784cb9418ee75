/**
 * Job ids: when, in UTC to the millisecond, and a random part, so that two masters never make the same one.
 * They sort by time as text: `20261123071833123-k3f9a2`.
 *
 * @module
 */
import { ProtocolError } from "./errors.ts";
import { printable } from "./printable.ts";

const PATTERN = /^\d{17}-[0-9a-z]{6}$/;

declare const brand: unique symbol;

/** A checked job id. */
export type Jid = string & { readonly [brand]: "jid" };

/** A new id for a job made at `nowMs`; `random` gives numbers in [0, 1). */
export function newJid(nowMs: number, random: () => number): Jid {
  const digits = new Date(nowMs).toISOString().replace(/\D/g, "");
  const tail = Math.floor(random() * 36 ** 6).toString(36).padStart(6, "0");
  return parseJid(`${digits}-${tail}`);
}

/** Whether `text` is shaped like a job id. */
export function isJid(text: string): text is Jid {
  return PATTERN.test(text);
}

/** The job id that `text` is, or a `ProtocolError`. */
export function parseJid(text: string): Jid {
  if (isJid(text)) return text;
  throw new ProtocolError(
    `Cannot read job id ${printable(JSON.stringify(text.slice(0, 40)))}: it looks like 20261123071833123-k3f9a2`,
  );
}
