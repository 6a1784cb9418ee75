/**
 * The WebSocket server on Bun. Loaded by `websocket_server.ts`, on Bun only.
 *
 * What is particular here:
 * - Fan-out is native: `server.publish` encodes a message once for a whole group.
 * - Past `backpressureLimit` Bun drops the message, returns 0 and ends that connection a little later, without saying
 *   why. `publish` returns the worst result of all members, so that on 0 the full ones are looked for and told. But it
 *   also batches, and what a batch drops after `publish` returned shows nowhere: so queues are sampled now and then,
 *   and a connection that ends without a word when its queue was nearly full ended for being slow.
 * - Messages that are too long end the connection inside Bun.
 * - `idleTimeout` is in whole seconds, from 8 to 960; Bun pings before it expires.
 * - There is no back-pressure inbound: the bound is that of the receiver's inbox.
 *
 * @module
 */
import {
  closeReason,
  judgeUpgrade,
  plainAddress,
  type ServerWebSocket,
  type SocketEnd,
  type SocketGroup,
  type SocketHandler,
  type WebSocketServer,
  type WebSocketServerOptions,
} from "./websocket.ts";

/** The part of Bun's own types that is used; the package `bun-types` cannot be loaded beside Deno's. */
interface NativeSocket {
  readonly data: { readonly handler: SocketHandler; socket: BunSocket | undefined };
  readonly remoteAddress: string;
  readonly readyState: number;
  binaryType: string;
  sendBinary(message: Uint8Array): number;
  subscribe(topic: string): boolean;
  unsubscribe(topic: string): boolean;
  getBufferedAmount(): number;
  close(code: number, reason: string): void;
  terminate(): void;
}

interface NativeServer {
  readonly hostname: string;
  readonly port: number;
  publish(topic: string, message: Uint8Array): number;
  requestIP(request: Request): { readonly address: string } | null;
  upgrade(request: Request, options: { headers: Record<string, string>; data: NativeSocket["data"] }): boolean;
  stop(closeActiveConnections: boolean): Promise<void>;
}

declare const Bun: { serve(options: Record<string, unknown>): NativeServer };

const OPEN = 1;

class BunSocket implements ServerWebSocket {
  readonly address: string;
  readonly #native: NativeSocket;
  readonly #handler: SocketHandler;
  readonly #maxQueuedBytes: number;
  #hasEnded = false;
  #sampledBytes = 0;

  constructor(native: NativeSocket, maxQueuedBytes: number) {
    this.address = plainAddress(native.remoteAddress);
    this.#native = native;
    this.#handler = native.data.handler;
    this.#maxQueuedBytes = maxQueuedBytes;
  }

  get queuedBytes(): number {
    return this.#native.getBufferedAmount();
  }

  send(message: Uint8Array): boolean {
    if (this.#hasEnded) return false;
    if (this.#native.sendBinary(message) !== 0) return true; // -1: queued
    this.endIfFull();
    return false;
  }

  join(groupName: string): void {
    if (!this.#hasEnded) this.#native.subscribe(groupName);
  }

  leave(groupName: string): void {
    if (!this.#hasEnded) this.#native.unsubscribe(groupName);
  }

  close(code: number, reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#native.close(code, closeReason(reason));
  }

  received(message: Uint8Array | string): void {
    if (!this.#hasEnded) this.#handler.onMessage(message);
  }

  sample(): void {
    this.#sampledBytes = this.#native.getBufferedAmount();
  }

  endIfFull(): void {
    if (this.#native.readyState !== OPEN || this.#native.getBufferedAmount() < this.#maxQueuedBytes) return;
    this.#end(this.#slow());
    this.#native.terminate();
  }

  ended(code: number, reason: string): void {
    const wasFull = code === 1006 && !reason && this.#sampledBytes >= this.#maxQueuedBytes * 0.75;
    this.#end(wasFull ? this.#slow() : { cause: causeOf(code, reason), reason: reason || `Closed with code ${code}` });
  }

  #slow(): SocketEnd {
    return { cause: "slow", reason: `More than ${this.#maxQueuedBytes} bytes waited for it` };
  }

  #end(end: SocketEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#handler.onClose(end);
  }
}

/** Opens the server; throws Bun's own error. */
export function listen(options: WebSocketServerOptions): WebSocketServer {
  const sockets = new Set<BunSocket>();
  let unsampledBytes = 0;
  const server = Bun.serve({
    hostname: options.hostname,
    port: options.port,
    reusePort: false,
    // For connections that never ask for an upgrade.
    idleTimeout: clamp(Math.ceil(options.idleTimeoutMs / 1000), 1, 255),
    maxRequestBodySize: 0,
    fetch(request: Request, native: NativeServer): Response | undefined {
      const judged = judgeUpgrade(request, plainAddress(native.requestIP(request)?.address), options);
      if (judged instanceof Response) return judged;
      const headers = { "Sec-WebSocket-Protocol": judged.protocol };
      const data = { handler: judged.handler, socket: undefined };
      if (native.upgrade(request, { headers, data })) return undefined;
      return new Response("The WebSocket handshake is not valid\n", { status: 400 });
    },
    websocket: {
      perMessageDeflate: false,
      maxPayloadLength: options.maxMessageBytes,
      backpressureLimit: options.maxQueuedBytes,
      closeOnBackpressureLimit: true,
      idleTimeout: clamp(Math.ceil(options.idleTimeoutMs / 1000), 8, 960),
      sendPings: true,
      open(native: NativeSocket): void {
        native.binaryType = "uint8array";
        const socket = new BunSocket(native, options.maxQueuedBytes);
        native.data.socket = socket;
        sockets.add(socket);
        native.data.handler.onOpen(socket);
      },
      message(native: NativeSocket, message: Uint8Array | string): void {
        native.data.socket?.received(message);
      },
      close(native: NativeSocket, code: number, reason: string): void {
        const socket = native.data.socket;
        if (!socket) return;
        sockets.delete(socket);
        socket.ended(code, reason);
      },
    },
  });
  return {
    hostname: options.hostname,
    port: server.port,
    publish(group: SocketGroup, message: Uint8Array): void {
      if (server.publish(group.name, message) === 0) {
        for (const member of group.members) if (member instanceof BunSocket) member.endIfFull();
      }
      unsampledBytes += message.length;
      if (unsampledBytes < options.maxQueuedBytes / 8) return;
      unsampledBytes = 0;
      for (const socket of sockets) socket.sample();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.close(1001, "The server stops");
      await server.stop(true);
    },
  };
}

/** Bun tells the cause in words only. */
function causeOf(code: number, reason: string): SocketEnd["cause"] {
  if (code !== 1006) return "closed";
  if (reason.includes("inactivity")) return "idle";
  if (reason.includes("too big")) return "oversize";
  return reason.startsWith("Received") ? "protocol" : "closed";
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
