/**
 * Brings the spool's returns to the master: each is announced when it is there and after every welcome, so many at a
 * time; large bodies follow piece by piece as the master asks, and all stay in the spool until the master has committed
 * them.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { reasonOf } from "../core/errors.ts";
import type { Jid } from "../core/jid.ts";
import type { Log } from "../core/log.ts";
import { encode } from "../wire/codec.ts";
import { CHUNK_BYTES, type FromMinion, INLINE_BODY_BYTES } from "../wire/minion_messages.ts";
import { RETCODE_FAILED } from "./functions/call.ts";
import type { Spool, SpooledHead } from "./spool.ts";

/** A return that nobody has acknowledged or asked for in this long is announced again (Salt: `return_retry_timer`). */
const RETRY_MS = 10_000;

/** Pieces of one return under way at once: enough to fill a long path, little enough to wait for. */
const WINDOW = 4;

/** Bytes of returns under way at once; the others wait in the spool, however many there are. */
const MAX_UNDERWAY_BYTES = 8 * 1024 * 1024;

interface Sending {
  /** What it takes of {@link MAX_UNDERWAY_BYTES}. */
  readonly weightBytes: number;
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
  readonly log: Log;
  /** False when there is no session. */
  readonly send: (message: FromMinion) => boolean;
}

/** Sends what waits in the spool. */
export class ReturnSender implements Disposable {
  readonly #options: ReturnSenderOptions;
  readonly #sending = new Map<Jid, Sending>();
  #waiting: Jid[] = [];
  #underwayBytes = 0;
  readonly #retry: Disposable;

  constructor(options: ReturnSenderOptions) {
    this.#options = options;
    this.#retry = options.clock.every(RETRY_MS / 2, () => this.#retryOld());
  }

  /** A new session: everything that waits is announced again. */
  start(): void {
    this.#sending.clear();
    this.#underwayBytes = 0;
    this.#waiting = this.#options.spool.waiting();
    this.#sendMore();
  }

  /** Tells the master of a return that is new; `body` spares reading what was just written. */
  announce(head: SpooledHead, body: Uint8Array): void {
    if (this.#underwayBytes < MAX_UNDERWAY_BYTES) this.#send(head, body);
    else this.#waiting.push(head.jid);
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
    this.#options.spool.forget(jid);
    this.#forget(jid);
    this.#sendMore();
  }

  [Symbol.dispose](): void {
    this.#retry[Symbol.dispose]();
  }

  #sendMore(): void {
    while (this.#underwayBytes < MAX_UNDERWAY_BYTES) {
      const jid = this.#waiting.shift();
      if (jid === undefined) return;
      this.#resend(jid);
    }
  }

  #resend(jid: Jid): void {
    const { spool, log } = this.#options;
    try {
      const head = spool.head(jid);
      if (head) this.#send(head);
    } catch (thrown) {
      // A power failure came before it was on the disk. The master is owed an answer all the same.
      log.error(reasonOf(thrown));
      const body = encode("The job ran, but its return was lost in a power failure of the minion");
      const outcome = { jid, retcode: RETCODE_FAILED, success: false, startedAt: 0, durationMs: 0 };
      this.#send(spool.put(outcome, body), body);
    }
  }

  #send(head: SpooledHead, fresh?: Uint8Array): void {
    const { id, spool, clock, send } = this.#options;
    const { jid, sizeBytes } = head;
    const body = sizeBytes <= INLINE_BODY_BYTES ? fresh ?? spool.body(jid) : undefined;
    this.#forget(jid);
    const weightBytes = Math.min(sizeBytes, WINDOW * CHUNK_BYTES);
    this.#sending.set(jid, { weightBytes, movedAt: clock.now(), sentBytes: 0 });
    this.#underwayBytes += weightBytes;
    send({ kind: "return", id, ...head, ...(body ? { body } : {}) });
  }

  #forget(jid: Jid): void {
    this.#underwayBytes -= this.#sending.get(jid)?.weightBytes ?? 0;
    this.#sending.delete(jid);
  }

  #retryOld(): void {
    const before = this.#options.clock.now() - RETRY_MS;
    for (const [jid, { movedAt }] of [...this.#sending]) if (movedAt <= before) this.#resend(jid);
  }
}
