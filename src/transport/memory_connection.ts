/**
 * One connection of the in-memory network: two directions, each a queue that is emptied in a microtask, unless the path
 * is cut. It keeps the promises of a WebSocket: order, a close that comes after the data, no word after the end.
 *
 * @module
 */
import type { ClientWebSocket, WebSocketClientOptions } from "../runtime/websocket_client.ts";
import type { ServerWebSocket, SocketEnd, SocketHandler, WebSocketServerOptions } from "../runtime/websocket.ts";

/** What a connection is made from. */
export interface MemoryConnectionDeps {
  readonly clientAddress: string;
  readonly serverAddress: string;
  readonly client: WebSocketClientOptions;
  readonly now: () => number;
  readonly isCut: () => boolean;
  /** Both sides know that it has ended. */
  readonly onGone: () => void;
}

type Parcel = { readonly message: Uint8Array } | { readonly closeReason: string };

/** One direction. */
class Pipe {
  #parcels: Parcel[] = [];
  #isScheduled = false;
  #bytes = 0;
  readonly #isCut: () => boolean;
  readonly #deliver: (parcel: Parcel) => void;

  constructor(isCut: () => boolean, deliver: (parcel: Parcel) => void) {
    this.#isCut = isCut;
    this.#deliver = deliver;
  }

  /** Bytes that do not move. On a path that is not cut they are as good as delivered. */
  get queuedBytes(): number {
    return this.#isCut() ? this.#bytes : 0;
  }

  push(parcel: Parcel): void {
    this.#parcels.push(parcel);
    if ("message" in parcel) this.#bytes += parcel.message.length;
    this.flush();
  }

  clear(): void {
    this.#parcels = [];
    this.#bytes = 0;
  }

  flush(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#isCut()) return;
      const parcels = this.#parcels;
      this.clear();
      for (const parcel of parcels) this.#deliver(parcel);
    });
  }
}

/** See the module's comment. */
export class MemoryConnection {
  readonly client: ClientWebSocket;
  readonly #deps: MemoryConnectionDeps;
  readonly #toClient: Pipe;
  readonly #toServer: Pipe;
  #handler: SocketHandler | undefined;
  #options: WebSocketServerOptions | undefined;
  #isClientGone = false;
  #isServerGone = true; // until it has accepted
  #heardAtMs = 0;

  constructor(deps: MemoryConnectionDeps) {
    this.#deps = deps;
    this.#toClient = new Pipe(deps.isCut, (parcel) => this.#atClient(parcel));
    this.#toServer = new Pipe(deps.isCut, (parcel) => this.#atServer(parcel));
    const toServer = this.#toServer;
    this.client = {
      get queuedBytes() {
        return toServer.queuedBytes;
      },
      send: (message) => {
        if (!this.#isClientGone) toServer.push({ message });
      },
      ping: () => {
        if (!deps.isCut()) queueMicrotask(() => this.#isClientGone || deps.client.onPong());
      },
      close: (closeReason) => {
        if (!this.#isClientGone) this.#clientGone({ closeReason });
        return Promise.resolve();
      },
    };
  }

  /** Whose server it belongs to, once it is open. */
  get options(): WebSocketServerOptions | undefined {
    return this.#options;
  }

  get isClientGone(): boolean {
    return this.#isClientGone;
  }

  get isCut(): boolean {
    return this.#deps.isCut();
  }

  touches(address: string): boolean {
    return address === this.#deps.clientAddress || address === this.#deps.serverAddress;
  }

  /** The server accepted. */
  open(options: WebSocketServerOptions, handler: SocketHandler): void {
    this.#options = options;
    this.#handler = handler;
    this.#isServerGone = false;
    this.#heardAtMs = this.#deps.now();
    handler.onOpen(this.#serverSocket(options, handler));
    if (!this.#isClientGone) this.#deps.client.onOpen();
  }

  /** There will be no connection. */
  fail(reason: string): void {
    this.#isClientGone = true;
    this.#deps.client.onClose(reason);
  }

  flush(): void {
    this.#toServer.flush();
    this.#toClient.flush();
  }

  /** A pong would have come, if the path were not cut. */
  checkIdle(): void {
    const nowMs = this.#deps.now();
    if (!this.isCut) this.#heardAtMs = nowMs;
    else if (this.#options && nowMs - this.#heardAtMs >= this.#options.idleTimeoutMs) {
      this.#serverEnds({ cause: "idle", reason: `Silent for ${this.#options.idleTimeoutMs} ms` });
    }
  }

  /** Both sides see it end at once; what was under way is lost. */
  reset(): void {
    this.#toClient.clear();
    this.#toServer.clear();
    const reason = "Connection reset";
    if (!this.#isServerGone) this.#atServer({ closeReason: reason });
    if (!this.#isClientGone) this.#atClient({ closeReason: reason });
  }

  closeServer(closeReason: string): void {
    if (!this.#isServerGone) this.#serverGone({ closeReason });
  }

  #serverSocket(options: WebSocketServerOptions, handler: SocketHandler): ServerWebSocket {
    const pipe = this.#toClient;
    return {
      address: this.#deps.clientAddress,
      get queuedBytes() {
        return pipe.queuedBytes;
      },
      send: (message) => {
        if (this.#isServerGone || this.#handler !== handler) return false;
        const { queuedBytes } = pipe;
        if (queuedBytes > 0 && queuedBytes + message.length > options.maxQueuedBytes) {
          pipe.clear();
          this.#serverEnds({ cause: "slow", reason: `More than ${options.maxQueuedBytes} bytes waited for it` });
          return false;
        }
        pipe.push({ message });
        return true;
      },
      join: () => {},
      leave: () => {},
      close: (_code, reason) => this.closeServer(reason),
    };
  }

  #atServer(parcel: Parcel): void {
    if (this.#isServerGone || !this.#handler || !this.#options) return;
    if ("closeReason" in parcel) {
      this.#isServerGone = true;
      this.#tellIfGone();
      return this.#handler.onClose({ cause: "closed", reason: parcel.closeReason });
    }
    const { maxMessageBytes } = this.#options;
    const bytes = parcel.message.length;
    if (bytes > maxMessageBytes) {
      return this.#serverEnds({ cause: "oversize", reason: `Received ${bytes} bytes, limit ${maxMessageBytes}` });
    }
    this.#handler.onMessage(parcel.message.slice()); // it belongs to the receiver, and others may have been sent it
  }

  #atClient(parcel: Parcel): void {
    if (this.#isClientGone) return;
    if ("message" in parcel) return this.#deps.client.onMessage(parcel.message.slice());
    this.#isClientGone = true;
    this.#tellIfGone();
    this.#deps.client.onClose(parcel.closeReason);
  }

  #serverEnds(end: SocketEnd): void {
    this.#serverGone({ closeReason: end.reason });
    this.#handler?.onClose(end);
  }

  #serverGone(parcel: Parcel): void {
    this.#isServerGone = true;
    this.#toClient.push(parcel);
    this.#tellIfGone();
  }

  #clientGone(parcel: Parcel): void {
    this.#isClientGone = true;
    this.#toServer.push(parcel);
    this.#tellIfGone();
  }

  #tellIfGone(): void {
    if (this.#isServerGone && this.#isClientGone) this.#deps.onGone();
  }
}
