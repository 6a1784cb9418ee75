/**
 * The connections on 4506 that have shaken hands: who they are, how their keys stand, and by which names the other
 * roles find them.
 *
 * @module
 */
import type { Session } from "../channel/session.ts";
import type { KeyRole, Standing } from "../store/key_store.ts";
import type { Peer } from "../transport/transport.ts";
import type { PeerNumber } from "./link.ts";

/** A connection that has shaken hands. */
export interface Member {
  /** What the other roles call this connection. */
  readonly number: PeerNumber;
  readonly peer: Peer;
  readonly session: Session;
  readonly role: KeyRole;
  readonly id: string;
  readonly keyId: Uint8Array;
  standing: Standing;
  /** A minion that hears jobs on 4505. */
  isHearing: boolean;
  /** A minion whose words about itself are kept. */
  isKnown: boolean;
  /** Events that an operator's client subscribed to. */
  readonly globs: Set<string>;
}

/** The table of them. */
export class Members {
  readonly #byPeer = new Map<PeerNumber, Member>();
  readonly #byKey = new Map<string, Set<Member>>();
  /** Accepted minions by id. */
  readonly #minions = new Map<string, Member>();
  #pending = 0;

  /** Connections whose keys wait to be accepted. */
  get pendingCount(): number {
    return this.#pending;
  }

  /** All of them. */
  get all(): Iterable<Member> {
    return this.#byPeer.values();
  }

  /** The accepted minions that are connected. */
  get minions(): Iterable<Member> {
    return this.#minions.values();
  }

  add(member: Member): void {
    const key = keyOf(member);
    this.#byPeer.set(member.number, member);
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(member));
    if (member.standing === "pending") this.#pending++;
  }

  remove(member: Member): void {
    if (!this.#byPeer.delete(member.number)) return;
    const key = keyOf(member);
    const same = this.#byKey.get(key);
    same?.delete(member);
    if (same?.size === 0) this.#byKey.delete(key);
    if (member.standing === "pending") this.#pending--;
    this.withdraw(member);
  }

  find(peer: PeerNumber): Member | undefined {
    return this.#byPeer.get(peer);
  }

  /** All connections that use a key in one role. */
  withKey(role: KeyRole, keyId: Uint8Array): readonly Member[] {
    return [...this.#byKey.get(keyOf({ role, keyId })) ?? []];
  }

  /** The accepted minion of this id. */
  minion(id: string): Member | undefined {
    return this.#minions.get(id);
  }

  setStanding(member: Member, standing: Standing): void {
    if (member.standing === "pending") this.#pending--;
    if (standing === "pending") this.#pending++;
    member.standing = standing;
  }

  /** From now on it is found by its id. */
  announce(member: Member): void {
    this.#minions.set(member.id, member);
  }

  /** It is no longer found by its id; false when it was not. */
  withdraw(member: Member): boolean {
    return this.#minions.get(member.id) === member && this.#minions.delete(member.id);
  }
}

function keyOf({ role, keyId }: { role: KeyRole; keyId: Uint8Array }): string {
  let text: string = role;
  for (const byte of keyId) text += String.fromCharCode(byte); // what a Map can compare
  return text;
}
