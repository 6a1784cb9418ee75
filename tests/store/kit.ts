/**
 * A store in a directory of its own.
 *
 * @module
 */
import type { ReturnRecord } from "../../src/store/job_store.ts";
import type { JobRecord } from "../../src/store/job_store.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { type Jid, newJid } from "../../src/core/jid.ts";
import { newIdentity, publicHalf, type PublicIdentity } from "../../src/crypto/identity.ts";
import { sha256 } from "../../src/runtime/crypto.ts";
import { Scratch } from "../core/scratch.ts";

export const NOW = Date.UTC(2026, 10, 23);

/** Closes what it opened, then removes it. */
export class Bench implements Disposable {
  readonly #scratch = new Scratch();
  readonly #open: Store[] = [];
  readonly path = this.#scratch.at("brine.db");

  /** Another connection to the same file. */
  open(): Store {
    const store = openStore(this.path);
    this.#open.push(store);
    return store;
  }

  [Symbol.dispose](): void {
    for (const store of this.#open) store[Symbol.dispose]();
    this.#scratch[Symbol.dispose]();
  }
}

export function peer(id: string, token?: string, role: "minion" | "operator" = "minion") {
  const identity: PublicIdentity = publicHalf(newIdentity());
  return { role, id, identity, token };
}

let jobs = 0;

export function jobAt(createdAt = NOW, more: Partial<JobRecord> = {}): JobRecord {
  jobs++;
  return {
    jid: newJid(createdAt, () => jobs / 1e6),
    target: { kind: "glob", expression: "*" },
    function: "test.echo",
    arguments: ["hi", { deep: [1, null] }, new Uint8Array([1])],
    named: { times: 2 },
    operator: "root",
    createdAt,
    expiresAt: createdAt + 60_000,
    expectedCount: 1,
    ...more,
  };
}

export function returnOf(jid: Jid, minion: string, body: Uint8Array | undefined, more: Partial<ReturnRecord> = {}) {
  const content = body ?? new Uint8Array(0);
  const record: ReturnRecord = {
    jid,
    minion,
    retcode: 0,
    success: true,
    startedAt: NOW,
    durationMs: 12.5,
    sizeBytes: content.length,
    hash: sha256(content),
    body,
    ...more,
  };
  return record;
}
