/**
 * The keys that the master knows: which id they stand for, and whether they were accepted.
 *
 * @module
 */
import { sameBytes, utf8 } from "../core/bytes.ts";
import { fingerprintOf, keyIdOf, type PublicIdentity } from "../crypto/identity.ts";
import { randomBytes, sha256 } from "../runtime/crypto.ts";
import type { DatabaseSync, StatementSync } from "../runtime/sqlite.ts";
import { transact } from "./database.ts";

/** What a key may do: everything of its role, nothing yet, or nothing ever. */
export type Standing = "accepted" | "pending" | "rejected";

/** Whose key it is. */
export type KeyRole = "minion" | "operator";

/** A key as it is listed. */
export interface KeyEntry {
  readonly role: KeyRole;
  readonly id: string;
  readonly keyId: Uint8Array;
  readonly fingerprint: string;
  readonly state: Standing;
  /** When it got into that state, milliseconds since the epoch. */
  readonly since: number;
}

/** What the store says about somebody who has proved to own a key. */
export interface Judgement {
  readonly standing: Standing | "denied";
  /** For "denied": why, in words for both ends. */
  readonly reason: string;
  /** It was not known before. */
  readonly isNew: boolean;
}

/** Keys that nobody has decided on; beyond this new ones are denied, so that strangers cannot fill the disk. */
export const MAX_PENDING_KEYS = 20_000;

/** Keys and enrolment tokens, in SQLite. */
export class KeyStore {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #list: StatementSync;
  readonly #accepted: StatementSync;

  readonly #maxPendingKeys: number;

  constructor(database: DatabaseSync, { maxPendingKeys = MAX_PENDING_KEYS }: { maxPendingKeys?: number } = {}) {
    this.#database = database;
    this.#maxPendingKeys = maxPendingKeys;
    this.#find = database.prepare("SELECT key_id, state FROM keys WHERE role = ? AND id = ?");
    this.#list = database.prepare("SELECT * FROM keys ORDER BY role, id");
    this.#accepted = database.prepare("SELECT id FROM keys WHERE role = ? AND state = 'accepted' ORDER BY id");
  }

  /**
   * Says how a peer stands, and makes a newcomer known. `arrival` is the state that a newcomer gets: "pending", or
   * "accepted" for the operator that the master itself made. A good token accepts a newcomer or a pending key.
   */
  judge(
    peer: { role: KeyRole; id: string; identity: PublicIdentity; token: string | undefined },
    arrival: Standing,
    nowMs: number,
  ): Judgement {
    const keyId = keyIdOf(peer.identity);
    const found = this.#standingOf(peer, keyId);
    if (found && found.standing !== "pending") return found; // the common case writes nothing
    return transact(this.#database, () => {
      const known = this.#standingOf(peer, keyId); // again: others write too, and only now they wait
      if (known && known.standing !== "pending") return known;
      const isEnrolled = peer.token !== undefined && this.#useToken(peer.token, nowMs);
      if (peer.token !== undefined && !isEnrolled) {
        return { standing: "denied", reason: "the token is unknown, used up or expired", isNew: false };
      }
      const standing = isEnrolled ? "accepted" : arrival;
      if (!known && standing === "pending" && this.#countPending() >= this.#maxPendingKeys) {
        return { standing: "denied", reason: `${this.#maxPendingKeys} keys are pending already`, isNew: false };
      }
      if (standing !== known?.standing) this.#put(peer, keyId, standing, nowMs);
      return { standing, reason: "", isNew: !known };
    });
  }

  /** All keys, by role and id. */
  list(): KeyEntry[] {
    return this.#list.all().map((row) => ({
      role: row["role"] === "operator" ? "operator" : "minion",
      id: String(row["id"]),
      keyId: bytesOf(row["key_id"]),
      fingerprint: fingerprintOf({
        agreementKey: bytesOf(row["agreement_key"]),
        signingKey: bytesOf(row["signing_key"]),
      }),
      state: standingOf(row["state"]) ?? "pending",
      since: Number(row["since"]),
    }));
  }

  /** Ids with an accepted key, sorted. */
  acceptedIds(role: KeyRole): string[] {
    return this.#accepted.all(role).map((row) => String(row["id"]));
  }

  /** Changes the keys with these ids; those that are in that state already are left out of the answer. */
  change(role: KeyRole, ids: readonly string[], change: "accept" | "reject" | "delete", nowMs: number): KeyEntry[] {
    const wanted = new Set(ids);
    const state = change === "accept" ? "accepted" : "rejected";
    return transact(this.#database, () => {
      const entries = this.list().filter((entry) => entry.role === role && wanted.has(entry.id));
      const affected = change === "delete" ? entries : entries.filter((entry) => entry.state !== state);
      const remove = this.#database.prepare("DELETE FROM keys WHERE role = ? AND id = ?");
      const update = this.#database.prepare("UPDATE keys SET state = ?, since = ? WHERE role = ? AND id = ?");
      for (const { id } of affected) {
        if (change === "delete") remove.run(role, id);
        else update.run(state, nowMs, role, id);
      }
      return affected;
    });
  }

  /** A new enrolment token; only its hash is kept. */
  makeToken(ttlMs: number, uses: number, nowMs: number): string {
    const token = [...randomBytes(20)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#database.prepare("DELETE FROM tokens WHERE expires_at < ?").run(nowMs);
    this.#database.prepare("INSERT INTO tokens VALUES (?, ?, ?)").run(sha256(utf8(token)), nowMs + ttlMs, uses);
    return token;
  }

  /** Takes one use from a token; false when it has none or its time is over (T10: at +1 ms). */
  #useToken(token: string, nowMs: number): boolean {
    const taken = this.#database
      .prepare("UPDATE tokens SET uses_left = uses_left - 1 WHERE hash = ? AND uses_left > 0 AND expires_at >= ?")
      .run(sha256(utf8(token)), nowMs);
    return Number(taken.changes) === 1;
  }

  /** What the table says of a peer; undefined for a newcomer. */
  #standingOf({ role, id }: { role: KeyRole; id: string }, keyId: Uint8Array): Judgement | undefined {
    const known = this.#find.get(role, id);
    if (!known) return undefined;
    if (!sameBytes(bytesOf(known["key_id"]), keyId)) {
      return { standing: "denied", reason: `another key has the id "${id}"`, isNew: false };
    }
    const standing = standingOf(known["state"]) ?? "pending";
    return { standing, reason: standing === "rejected" ? "its key was rejected on the master" : "", isNew: false };
  }

  #countPending(): number {
    return Number(this.#database.prepare("SELECT count(*) AS n FROM keys WHERE state = 'pending'").get()?.["n"]);
  }

  #put(peer: { role: KeyRole; id: string; identity: PublicIdentity }, keyId: Uint8Array, state: Standing, at: number) {
    const { agreementKey, signingKey } = peer.identity;
    this.#database
      .prepare("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(peer.role, peer.id, keyId, agreementKey, signingKey, state, at);
  }
}

function standingOf(value: unknown): Standing | undefined {
  return value === "accepted" || value === "pending" || value === "rejected" ? value : undefined;
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}
