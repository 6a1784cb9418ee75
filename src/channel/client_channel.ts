/**
 * A client's connection to 4506 that keeps itself alive: it shakes hands on every new connection, seals and opens,
 * sends heartbeats, and gives up a path on which nothing comes back. Minions and operators use the same one.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { reasonOf } from "../core/errors.ts";
import type { PublicIdentity } from "../crypto/identity.ts";
import type { Dealer, Transport } from "../transport/transport.ts";
import { ClientHandshake, type ClientHello, HANDSHAKE_TIMEOUT_MS } from "./handshake.ts";
import { HEARTBEAT, Session } from "./session.ts";

/** How a channel is opened. */
export interface ClientChannelOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly url: string;
  readonly hello: ClientHello;
  /** Throws unless this is the right master, whose clock says `at`; called before anything about the client is told (T8). */
  readonly checkMaster: (master: PublicIdentity, at: number) => void;
  /** `false`: one attempt, for commands that a person waits for. */
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number } | false;
  readonly connectTimeoutMs?: number;
  readonly heartbeatMs: number;
  /** The handshake is over; `send` works from here on. */
  readonly onOpen: () => void;
  readonly onMessage: (message: Uint8Array) => void;
  /** The connection ended or never came to be. */
  readonly onLost: (loss: Loss) => void;
}

/** Why there is no connection. */
export interface Loss {
  readonly reason: string;
  /** What the channel itself objected to, such as the wrong master; undefined when the network failed. */
  readonly cause: Error | undefined;
  /** When the next attempt is made; undefined: never. */
  readonly retryInMs: number | undefined;
}

/** Beats without a word in between after which a path counts as dead. Counted, so that a clock that is set hurts nobody. */
const DEAD_AFTER_BEATS = 3;

/** A sealed channel to the master. */
export class ClientChannel implements AsyncDisposable {
  readonly #options: ClientChannelOptions;
  readonly #dealer: Dealer;
  readonly #done: Promise<void>;
  #handshake: ClientHandshake | undefined;
  #session: Session | undefined;
  #timer: Disposable | undefined;
  #silentBeats = 0;
  #objection: Error | undefined;

  constructor(options: ClientChannelOptions) {
    this.#options = options;
    this.#dealer = options.transport.openDealer({
      url: options.url,
      reconnect: options.reconnect,
      ...(options.connectTimeoutMs === undefined ? {} : { connectTimeoutMs: options.connectTimeoutMs }),
      onConnect: () => this.#begin(),
      onDisconnect: (reason, retryInMs) => this.#lose(reason, retryInMs),
    });
    this.#done = this.#receive();
  }

  /** Whether messages can be sent now. */
  get isOpen(): boolean {
    return this.#session !== undefined;
  }

  /** Seals and sends; false when there is no session or too much waits to be sent already. */
  send(message: Uint8Array): boolean {
    if (!this.#session) return false;
    const sent = this.#dealer.send([this.#session.seal(message)]);
    // A sealed frame that was not sent leaves a hole that the peer must take for an attack.
    if (!sent && this.#dealer.isConnected) this.#dealer.drop("too much waits to be sent");
    return sent;
  }

  /** Gives the present connection up. */
  drop(reason: string): void {
    this.#dealer.drop(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.#dealer[Symbol.asyncDispose]();
    await this.#done;
  }

  #begin(): void {
    this.#end();
    this.#objection = undefined;
    this.#handshake = new ClientHandshake(this.#options.hello);
    this.#timer = this.#options.clock.after(
      HANDSHAKE_TIMEOUT_MS,
      () => this.#dealer.drop("the handshake took too long"),
    );
    this.#dealer.send([this.#handshake.start()]);
  }

  async #receive(): Promise<void> {
    for await (const [frame] of this.#dealer) {
      if (!frame) continue;
      try {
        this.#take(frame);
      } catch (thrown) {
        this.#objection = thrown instanceof Error ? thrown : new Error(String(thrown));
        this.#dealer.drop(reasonOf(thrown));
      }
    }
  }

  #take(frame: Uint8Array): void {
    this.#silentBeats = 0;
    if (this.#session) {
      const message = this.#session.open(frame);
      if (message.length > 0) this.#options.onMessage(message);
      return;
    }
    if (!this.#handshake) return; // left over from a connection that was given up
    const { reply, split } = this.#handshake.finish(frame, this.#options.checkMaster);
    this.#end();
    this.#dealer.send([reply]);
    this.#session = new Session(split);
    this.#timer = this.#options.clock.every(this.#options.heartbeatMs, () => this.#beat());
    this.#options.onOpen();
  }

  #beat(): void {
    if (++this.#silentBeats >= DEAD_AFTER_BEATS) {
      const silentMs = this.#silentBeats * this.#options.heartbeatMs;
      this.#dealer.drop(`nothing was heard for ${Math.round(silentMs / 1000)} s`);
    } else {
      this.send(HEARTBEAT);
    }
  }

  #lose(reason: string, retryInMs: number | undefined): void {
    this.#end();
    const cause = this.#objection;
    this.#objection = undefined;
    this.#options.onLost({ reason, cause, retryInMs });
  }

  #end(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#handshake = undefined;
    this.#session = undefined;
  }
}
