/**
 * Who hears jobs on 4505: whoever showed a ticket, each ticket once, one connection a key.
 *
 * @module
 */
import { sameBytes } from "../core/bytes.ts";
import { readTicket } from "../crypto/ticket.ts";
import { randomBytes } from "../runtime/crypto.ts";
import type { Peer } from "../transport/transport.ts";
import { JOB_TOPIC } from "../wire/publish.ts";

/** What the audience needs of its surroundings. */
export interface AudienceOptions {
  readonly now: () => number;
  /** The peer has proved who it is. */
  readonly admit: (peer: Peer) => void;
  readonly disconnect: (peer: Peer, reason: string) => void;
  /** The minion with this key hears jobs now, or no longer. */
  readonly onHearing: (keyId: Uint8Array, isHearing: boolean) => void;
}

interface Listener {
  readonly peer: Peer;
  readonly keyId: Uint8Array;
  isHearing: boolean;
}

/** The connections on 4505 and what they showed. */
export class Audience {
  readonly #options: AudienceOptions;
  readonly #byPeer = new Map<number, Listener>();
  readonly #byKey = new Map<string, Listener>();
  /** Tickets that were shown, with their expiry: one that was overheard is worth nothing (T14). */
  readonly #shown = new Map<string, number>();
  #ticketKey = randomBytes(32);

  constructor(options: AudienceOptions) {
    this.#options = options;
  }

  /** What tickets are made with. */
  get ticketKey(): Uint8Array {
    return this.#ticketKey;
  }

  /** Judges what a peer asks for: its ticket first, then the jobs. */
  judge(peer: Peer, topic: Uint8Array): "subscribe" | "consume" | "refuse" {
    const listener = this.#byPeer.get(peer.number);
    if (!listener) return this.#enter(peer, topic) ? "consume" : "refuse";
    if (!sameBytes(topic, JOB_TOPIC) || listener.isHearing) return "refuse";
    listener.isHearing = true;
    this.#options.onHearing(listener.keyId, true);
    return "subscribe";
  }

  /** Puts these keys out. No ticket holds any longer: who comes back asks for a new one over its live session. */
  expel(keyIds: readonly Uint8Array[]): void {
    this.#ticketKey = randomBytes(32);
    this.#shown.clear();
    for (const keyId of keyIds) {
      const listener = this.#byKey.get(textOf(keyId));
      if (listener) this.#options.disconnect(listener.peer, "its key was deleted or rejected");
    }
  }

  #enter(peer: Peer, topic: Uint8Array): boolean {
    const ticket = readTicket(this.#ticketKey, topic, this.#options.now());
    if (!ticket || !this.#isFirstShown(topic, ticket.expiresAt)) return false;
    const { keyId } = ticket;
    const older = this.#byKey.get(textOf(keyId));
    if (older) this.#options.disconnect(older.peer, "the same key connected again");
    const listener: Listener = { peer, keyId, isHearing: false };
    this.#byPeer.set(peer.number, listener);
    this.#byKey.set(textOf(keyId), listener);
    peer.closed.addEventListener("abort", () => this.#leave(listener), { once: true });
    this.#options.admit(peer);
    return true;
  }

  #leave(listener: Listener): void {
    this.#byPeer.delete(listener.peer.number);
    const key = textOf(listener.keyId);
    if (this.#byKey.get(key) === listener) this.#byKey.delete(key);
    if (listener.isHearing) this.#options.onHearing(listener.keyId, false);
  }

  #isFirstShown(ticket: Uint8Array, expiresAt: number): boolean {
    const now = this.#options.now();
    for (const [old, expiry] of this.#shown) {
      if (expiry >= now) break; // they come about in the order in which they expire
      this.#shown.delete(old);
    }
    const text = textOf(ticket);
    if (this.#shown.has(text)) return false;
    this.#shown.set(text, expiresAt);
    return true;
  }
}

/** Bytes as text, one character each: what a Map can compare. */
function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
