/**
 * Tickets: what a minion shows on 4505 to be let in. Its session on 4506 gave it one; the publisher needs nothing but
 * the ticket key to judge it.
 *
 *     offset  bytes
 *     0       6     "ticket"
 *     6       8     expiry, milliseconds since the epoch
 *     14      32    key id of the minion
 *     46      16    HMAC-SHA-256 of all before, cut to 16 bytes
 *
 * @module
 */
import { concat, sameBytes, utf8 } from "../core/bytes.ts";
import { hmacSha256, isSameSecret } from "../runtime/crypto.ts";

const PREFIX = utf8("ticket");
const SIGNED_BYTES = 46;
const TICKET_BYTES = 62;

/** What a ticket says. */
export interface Ticket {
  readonly keyId: Uint8Array;
  /** It holds up to and including this moment. */
  readonly expiresAt: number;
}

/** Makes the bytes of a ticket. */
export function issueTicket(ticketKey: Uint8Array, { keyId, expiresAt }: Ticket): Uint8Array {
  const signed = new Uint8Array(SIGNED_BYTES);
  signed.set(PREFIX);
  new DataView(signed.buffer).setBigUint64(6, BigInt(expiresAt));
  signed.set(keyId, 14);
  return concat(signed, hmacSha256(ticketKey, signed).subarray(0, 16));
}

/** The ticket that `bytes` are, if it was made with `ticketKey` and has not run out (T10). */
export function readTicket(ticketKey: Uint8Array, bytes: Uint8Array, nowMs: number): Ticket | undefined {
  if (bytes.length !== TICKET_BYTES || !sameBytes(bytes.subarray(0, 6), PREFIX)) return undefined;
  const signed = bytes.subarray(0, SIGNED_BYTES);
  if (!isSameSecret(hmacSha256(ticketKey, signed).subarray(0, 16), bytes.subarray(SIGNED_BYTES))) return undefined;
  const expiresAt = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(6));
  if (nowMs > expiresAt) return undefined;
  return { keyId: bytes.slice(14, SIGNED_BYTES), expiresAt };
}
