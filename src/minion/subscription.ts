/**
 * The SUB side of a minion: it shows its ticket, subscribes to jobs, and asks for a new ticket when it must come back.
 *
 * @module
 */
import { Backoff } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import type { Subscriber, Transport } from "../transport/transport.ts";
import { JOB_TOPIC } from "../wire/publish.ts";

/** How a subscription is kept. */
export interface SubscriptionOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly url: string;
  readonly ticket: Uint8Array;
  /** The publisher is heard this often, jobs or not. */
  readonly heartbeatMs: number;
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number };
  readonly onFrame: (frame: Uint8Array) => void;
  readonly onHearing: () => void;
  readonly onLost: (reason: string) => void;
  /** Asks for a ticket; {@link Subscription.renew} gets the answer. */
  readonly needTicket: () => void;
}

/** Heartbeats that may be missed before the path counts as dead. */
const DEAD_AFTER_BEATS = 3;

/** One subscription, over as many connections as it takes. */
export class Subscription implements AsyncDisposable {
  readonly #options: SubscriptionOptions;
  readonly #backoff: Backoff;
  #subscriber: Subscriber | undefined;
  #wait: Disposable | undefined;
  #isClosed = false;
  /** Connections that are in use or being closed. */
  readonly #connections = new Set<Promise<void>>();

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...options.reconnect, random: options.random });
    this.#open(options.ticket);
  }

  /** The ticket that was asked for. */
  renew(ticket: Uint8Array): void {
    if (!this.#isClosed && !this.#subscriber) this.#open(ticket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#wait?.[Symbol.dispose]();
    await this.#subscriber?.[Symbol.asyncDispose]();
    await Promise.all(this.#connections);
  }

  #open(ticket: Uint8Array): void {
    const { transport, url, heartbeatMs, onHearing } = this.#options;
    this.#wait?.[Symbol.dispose]();
    const subscriber = transport.openSubscriber({
      url,
      reconnect: false, // every connection needs a ticket of its own
      idleTimeoutMs: DEAD_AFTER_BEATS * heartbeatMs,
      onConnect: onHearing,
      onDisconnect: (reason) => this.#lose(subscriber, reason),
    });
    subscriber.subscribe(ticket);
    subscriber.subscribe(JOB_TOPIC);
    this.#subscriber = subscriber;
    const done = this.#receive(subscriber).finally(() => this.#connections.delete(done));
    this.#connections.add(done);
  }

  async #receive(subscriber: Subscriber): Promise<void> {
    for await (const [frame] of subscriber) {
      this.#backoff.reset();
      if (frame) this.#options.onFrame(frame);
    }
    await subscriber[Symbol.asyncDispose]();
  }

  #lose(subscriber: Subscriber, reason: string): void {
    if (this.#isClosed || this.#subscriber !== subscriber) return;
    this.#subscriber = undefined;
    this.#options.onLost(reason);
    this.#ask();
  }

  /** Asks after a while, and again if nothing comes of it. */
  #ask(): void {
    this.#wait = this.#options.clock.after(this.#backoff.nextMs(), () => {
      this.#options.needTicket();
      this.#ask();
    });
  }
}
