/**
 * What SUB and DEALER share: one connection at a time, made again with back-off when it is lost.
 *
 *     attempt ──open──▶ greet (our routing id; theirs) ──▶ connected ──lost──▶ wait ──▶ attempt …
 *
 * A server counts as connected when its routing id has come: until then it might be anything that speaks WebSocket.
 *
 * @module
 */
import { Backoff } from "../../core/backoff.ts";
import type { Clock } from "../../core/clock.ts";
import { reasonOf } from "../../core/errors.ts";
import type { ClientWebSocket, OpenWebSocketClient } from "../../runtime/websocket_client.ts";
import { Inbox } from "../inbox.ts";
import { type ClientOptions, type ClientSocket, type Frame, TRANSPORT_LIMITS } from "../transport.ts";
import { encodeFrame, encodeFrames } from "./frame.ts";
import { MAX_ROUTING_ID_BYTES, MessageReader } from "./message_reader.ts";
import { SUBPROTOCOL } from "./protocol.ts";

/** What client sockets are made from. */
export interface ClientDeps {
  readonly clock: Clock;
  /** For the jitter of reconnecting. */
  readonly random: () => number;
  readonly connect: OpenWebSocketClient;
}

const CONNECT_TIMEOUT_MS = 10_000;
const RECONNECT = { firstMs: 100, maxMs: 30_000 };

/** The base of both client sockets. */
export abstract class ZwsClientSocket implements ClientSocket, AsyncIterable<readonly Frame[]> {
  readonly #deps: ClientDeps;
  readonly #options: ClientOptions;
  readonly #greeting: Uint8Array;
  readonly #limits: { readonly maxFrameBytes: number; readonly maxFrames: number; readonly maxInbox: number };
  readonly #maxQueuedBytes: number;
  readonly #inbox: Inbox<readonly Frame[]>;
  readonly #backoff: Backoff | undefined;
  readonly #closing = new Set<Promise<void>>();
  #socket: ClientWebSocket | undefined;
  #reader: MessageReader;
  /** Of the attempt, of the idle check, or of the wait for the next attempt: never two at once. */
  #timer: Disposable | undefined;
  #isConnected = false;
  #isDisposed = false;
  #connectedAtMs = 0;
  #heardAtMs = 0;

  constructor(deps: ClientDeps, options: ClientOptions) {
    const routingId = options.routingId ?? new Uint8Array(0);
    if (routingId.length > MAX_ROUTING_ID_BYTES) {
      throw new RangeError(`Cannot open socket: its routing id has ${routingId.length} bytes`);
    }
    this.#deps = deps;
    this.#options = options;
    this.#greeting = encodeFrame(routingId);
    this.#limits = {
      maxFrameBytes: options.maxFrameBytes ?? TRANSPORT_LIMITS.maxFrameBytes,
      maxFrames: options.maxFrames ?? TRANSPORT_LIMITS.maxFrames,
      maxInbox: options.maxInbox ?? TRANSPORT_LIMITS.maxInbox,
    };
    this.#maxQueuedBytes = options.maxQueuedBytes ?? TRANSPORT_LIMITS.maxQueuedBytes;
    this.#inbox = new Inbox(this.#limits.maxInbox);
    this.#reader = new MessageReader(this.#limits);
    const reconnect = options.reconnect ?? RECONNECT;
    if (reconnect) this.#backoff = new Backoff({ ...reconnect, random: deps.random });
    this.#attempt();
  }

  /** The greeting is over: what has to be sent first is sent here. */
  protected abstract greeted(): void;

  get isConnected(): boolean {
    return this.#isConnected;
  }

  drop(reason: string): void {
    if (this.#socket) this.#lost(reason);
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Frame[]> {
    return this.#inbox[Symbol.asyncIterator]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#inbox.clear();
    this.#inbox.end();
    this.#abandon("The socket is closed");
    await Promise.all(this.#closing);
  }

  /** Queues a message; false when there is no connection or too much waits already. */
  protected sendNow(frames: readonly Frame[]): boolean {
    if (!this.#socket || !this.#isConnected) return false;
    const [only] = frames;
    if (only && frames.length === 1) return this.#sendFrame(this.#socket, encodeFrame(only));
    const messages = encodeFrames(frames);
    const bytes = messages.reduce((sum, message) => sum + message.length, 0);
    if (!this.#hasRoom(this.#socket, bytes)) return false; // all frames or none
    for (const message of messages) this.#socket.send(message);
    return true;
  }

  #sendFrame(socket: ClientWebSocket, message: Uint8Array): boolean {
    if (!this.#hasRoom(socket, message.length)) return false;
    socket.send(message);
    return true;
  }

  #hasRoom(socket: ClientWebSocket, bytes: number): boolean {
    const { queuedBytes } = socket;
    return queuedBytes === 0 || queuedBytes + bytes <= this.#maxQueuedBytes;
  }

  #attempt(): void {
    const timeoutMs = this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    this.#reader = new MessageReader(this.#limits);
    this.#socket = this.#deps.connect({
      url: this.#options.url,
      protocol: SUBPROTOCOL,
      onOpen: () => this.#socket?.send(this.#greeting),
      onMessage: (message) => this.#heard(message),
      onPong: () => this.#heardAtMs = this.#deps.clock.now(),
      onClose: (reason) => this.#lost(reason),
    });
    this.#timer = this.#deps.clock.after(timeoutMs, () => this.#lost(`No answer within ${timeoutMs} ms`));
  }

  #heard(message: Uint8Array | string): void {
    this.#heardAtMs = this.#deps.clock.now();
    let frames: Frame[] | undefined;
    try {
      frames = this.#reader.read(message);
    } catch (cause) {
      return this.#lost(reasonOf(cause));
    }
    if (!this.#isConnected) return this.#connected();
    if (!frames) return;
    this.#backoff?.reset(); // the server does more than accept and hang up
    if (!this.#inbox.offer(frames)) this.#lost(`More messages wait than maxInbox ${this.#limits.maxInbox}`);
  }

  #connected(): void {
    this.#isConnected = true;
    this.#connectedAtMs = this.#heardAtMs;
    this.#stopTimer();
    const { idleTimeoutMs } = this.#options;
    if (idleTimeoutMs !== undefined) {
      this.#timer = this.#deps.clock.every(Math.max(1, idleTimeoutMs / 3), () => this.#checkIdle(idleTimeoutMs));
    }
    this.greeted();
    this.#options.onConnect?.();
  }

  #checkIdle(idleTimeoutMs: number): void {
    if (this.#deps.clock.now() - this.#heardAtMs < idleTimeoutMs) this.#socket?.ping();
    else this.#lost(`Nothing heard for ${idleTimeoutMs} ms`);
  }

  #lost(reason: string): void {
    const livedMs = this.#isConnected ? this.#deps.clock.now() - this.#connectedAtMs : 0;
    this.#abandon(reason);
    const { reconnect, onDisconnect } = this.#options;
    // A server that lets us in only to throw us out must not be asked again every hundred milliseconds.
    if (livedMs >= ((reconnect || RECONNECT).maxMs)) this.#backoff?.reset();
    const retryInMs = this.#backoff?.nextMs();
    if (retryInMs === undefined) this.#inbox.end();
    else this.#timer = this.#deps.clock.after(retryInMs, () => this.#attempt());
    onDisconnect?.(reason, retryInMs);
  }

  /** Lets go of the connection and of the timer. */
  #abandon(reason: string): void {
    this.#stopTimer();
    this.#isConnected = false;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    const closed = socket.close(reason).finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
