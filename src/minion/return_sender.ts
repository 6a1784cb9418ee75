/**
 * Brings the spool's returns to the master: each is announced when it is there and after every welcome, large bodies
 * follow piece by piece as the master asks, and all stay in the spool until the master has committed them.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import type { Jid } from "../core/jid.ts";
import { CHUNK_BYTES, type FromMinion, INLINE_BODY_BYTES } from "../wire/minion_messages.ts";
import type { Spool, SpooledHead } from "./spool.ts";

/** A return that nobody has acknowledged or asked for in this long is announced again (Salt: `return_retry_timer`). */
const RETRY_MS = 10_000;

/** Pieces under way at once: enough to fill a long path, little enough to wait for. */
const WINDOW = 4;

interface Sending {
  /** When something last moved. */
  movedAt: number;
  /** How far the body was sent. */
  sentBytes: number;
}

/** What the sender needs of its surroundings. */
export interface ReturnSenderOptions {
  readonly id: string;
  readonly spool: Spool;
  readonly clock: Clock;
  /** False when there is no session. */
  readonly send: (message: FromMinion) => boolean;
}

/** Sends what waits in the spool. */
export class ReturnSender implements Disposable {
  readonly #options: ReturnSenderOptions;
  readonly #sending = new Map<Jid, Sending>();
  readonly #retry: Disposable;

  constructor(options: ReturnSenderOptions) {
    this.#options = options;
    this.#retry = options.clock.every(RETRY_MS, () => this.#retryOld());
  }

  /** A new session: everything that waits is announced again. */
  start(): void {
    this.#sending.clear();
    for (const jid of this.#options.spool.waiting()) this.announce(jid);
  }

  /** Tells the master of one return; `fresh` spares reading what was just written. */
  announce(jid: Jid, fresh?: { head: SpooledHead; body: Uint8Array }): void {
    const { id, spool, clock, send } = this.#options;
    const head = fresh?.head ?? spool.head(jid);
    if (!head) return;
    this.#sending.set(jid, { movedAt: clock.now(), sentBytes: 0 });
    const body = head.sizeBytes <= INLINE_BODY_BYTES ? fresh?.body ?? spool.body(jid) : undefined;
    send({ kind: "return", id, ...head, ...(body ? { body } : {}) });
  }

  /** The master wants the body from `offset` on: what it says it has is also an acknowledgement. */
  want(jid: Jid, offset: number): void {
    const { id, spool, clock, send } = this.#options;
    const sending = this.#sending.get(jid);
    if (!sending) return;
    sending.movedAt = clock.now();
    if (offset === 0 || offset > sending.sentBytes) sending.sentBytes = offset;
    while (sending.sentBytes < offset + WINDOW * CHUNK_BYTES) {
      const data = spool.bodyPart(jid, sending.sentBytes, CHUNK_BYTES);
      if (!data || data.length === 0) return;
      if (!send({ kind: "chunk", id, jid, offset: sending.sentBytes, data })) return;
      sending.sentBytes += data.length;
    }
  }

  /** The master has committed it. */
  stored(jid: Jid): void {
    this.#sending.delete(jid);
    this.#options.spool.forget(jid);
  }

  [Symbol.dispose](): void {
    this.#retry[Symbol.dispose]();
  }

  #retryOld(): void {
    const before = this.#options.clock.now() - RETRY_MS;
    for (const [jid, { movedAt }] of [...this.#sending]) if (movedAt <= before) this.announce(jid);
  }
}
