/**
 * An operator's session with the master: requests that are answered one by one, and the events subscribed to.
 *
 * @module
 */
import * as v from "valibot";
import { ClientChannel, type Loss } from "../channel/client_channel.ts";
import type { Clock } from "../core/clock.ts";
import { ProtocolError, reasonOf, RefusedError, UnreachableError, UsageError } from "../core/errors.ts";
import { fingerprintOf, type Identity, type PublicIdentity } from "../crypto/identity.ts";
import { sameBytes } from "../core/bytes.ts";
import { TAG_BYTES } from "../runtime/crypto.ts";
import type { Transport } from "../transport/transport.ts";
import { MESSAGE_LIMITS } from "../wire/limits.ts";
import {
  type BusEvent,
  encodeOperatorMessage,
  type FromOperator,
  type FromOperatorKind,
  readToOperator,
  replies,
  type ReplyTo,
  type ToOperator,
} from "../wire/operator_messages.ts";

/** How long the master may take to let us in. */
const CONNECT_TIMEOUT_MS = 5_000;

const HEARTBEAT_MS = 5_000;

/** How long the master may take to answer one request. */
const ANSWER_TIMEOUT_MS = 30_000;

/** The tag of the event that this side makes up when others were dropped; its data say how many: `{ count }`. */
export const MISSED_TAG = "brine/missed";

/** One frame, sealed. */
const MAX_REQUEST_BYTES = MESSAGE_LIMITS.maxBytes - TAG_BYTES;

/** What a session is opened with. */
export interface ConnectionOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** HOST:PORT of the master's ret_port. */
  readonly master: string;
  readonly operator: string;
  readonly identity: Identity;
  /** The master's keys, known beforehand. */
  readonly masterIdentity: PublicIdentity;
}

/** A request without its number. */
export type RequestBody<K extends FromOperatorKind> = Omit<Extract<FromOperator, { kind: K }>, "request" | "kind">;

/** Hears what happened on the bus, and with {@link MISSED_TAG} how much of it was missed. */
export type EventListener = (event: BusEvent) => void;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** An open session. */
export class Connection implements AsyncDisposable {
  readonly clock: Clock;
  readonly #options: ConnectionOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<EventListener>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #endListeners = new Set<(failure: Error) => void>();
  readonly #channel: ClientChannel;
  #last = 0;
  #failure: Error | undefined;

  private constructor(options: ConnectionOptions) {
    const { transport, clock, master, operator, identity } = options;
    this.#options = options;
    this.clock = clock;
    this.#channel = new ClientChannel({
      transport,
      clock,
      url: `ws://${master}`,
      hello: { role: "operator", id: operator, identity },
      checkMaster: (found) => this.#checkMaster(found),
      reconnect: false,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      heartbeatMs: HEARTBEAT_MS,
      onOpen: () => {},
      onMessage: (message) => this.#take(readToOperator(message)),
      onLost: (loss) => this.#fail(this.#errorOf(loss)),
    });
  }

  /** Connects and logs in, or throws an `UnreachableError` or a `RefusedError`. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options);
    try {
      await connection.#opened.promise;
      return connection;
    } catch (thrown) {
      await connection[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** HOST:PORT of the master. */
  get master(): string {
    return this.#options.master;
  }

  /** Calls `listener` with the reason when the session is over, at once if it is, until the result is disposed. */
  onEnd(listener: (failure: Error) => void): Disposable {
    if (this.#failure) listener(this.#failure);
    else this.#endListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#endListeners.delete(listener) };
  }

  /** Asks the master. Throws a `UsageError` or `RefusedError` with its reason, or an `UnreachableError`. */
  async ask<K extends FromOperatorKind>(kind: K, body: RequestBody<K>): Promise<ReplyTo<K>> {
    if (this.#failure) throw this.#failure;
    const request = ++this.#last;
    // Kind and body belong together by this function's signature, which the union cannot be told.
    const message = encodeOperatorMessage({ kind, request, ...body } as unknown as FromOperator);
    if (message.length > MAX_REQUEST_BYTES) {
      throw new UsageError(`Cannot ask the master: ${message.length} bytes, limit ${MAX_REQUEST_BYTES}`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(request, { resolve, reject });
    using _deadline = this.clock.after(ANSWER_TIMEOUT_MS, () => {
      this.#waiting.delete(request);
      reject(new UnreachableError(`The master did not answer "${kind}" within ${ANSWER_TIMEOUT_MS / 1000} s`));
    });
    if (!this.#channel.send(message)) this.#fail(new UnreachableError("The master's connection is lost"));
    const result = v.safeParse(replies[kind], await promise);
    if (!result.success) {
      throw new ProtocolError(`Cannot read the master's reply to "${kind}": ${result.issues[0].message}`);
    }
    return result.output as ReplyTo<K>;
  }

  /** Calls `listener` for every event until the result is disposed. */
  listen(listener: EventListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new UnreachableError("The session was closed"));
    await this.#channel[Symbol.asyncDispose]();
  }

  #checkMaster(found: PublicIdentity): void {
    const known = this.#options.masterIdentity;
    if (sameBytes(known.agreementKey, found.agreementKey) && sameBytes(known.signingKey, found.signingKey)) return;
    throw new RefusedError(
      `Cannot trust the master at ${this.#options.master}: its fingerprint is ${fingerprintOf(found)}, ` +
        `but ${fingerprintOf(known)} is expected; nothing was sent to it`,
    );
  }

  #take(message: ToOperator): void {
    switch (message.kind) {
      case "accepted":
        return this.#opened.resolve();
      case "denied":
        return this.#fail(
          new RefusedError(
            `The master at ${this.#options.master} refuses operator "${this.#options.operator}": ${message.reason}`,
          ),
        );
      case "reply": {
        this.#waiting.get(message.request)?.resolve(message.value);
        this.#waiting.delete(message.request);
        return;
      }
      case "refused": {
        const { why, reason } = message;
        const failure = why === "usage" || why === "absent" ? new UsageError(reason) : new RefusedError(reason);
        this.#waiting.get(message.request)?.reject(failure);
        this.#waiting.delete(message.request);
        return;
      }
      case "events":
        for (const event of message.events) this.#tell(event);
        if (message.missed > 0) this.#tell(missedEvent(message.missed, this.clock.now()));
    }
  }

  #tell(event: BusEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  #errorOf({ reason, cause }: Loss): Error {
    if (cause instanceof RefusedError) return cause;
    const { master } = this.#options;
    const why = cause ? reasonOf(cause) : reason;
    return new UnreachableError(`Cannot reach a master at ${master}: ${why}`, { cause });
  }

  #fail(failure: Error): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#opened.promise.catch(() => {});
    this.#opened.reject(failure);
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
    for (const listener of [...this.#endListeners]) listener(failure);
  }
}

/** Tells that so many events were dropped. */
export function missedEvent(count: number, at: number): BusEvent {
  return { sequence: 0, tag: MISSED_TAG, at, data: { count } };
}
