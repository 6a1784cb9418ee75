/**
 * The WebSocket server on Deno. Loaded by `websocket_server.ts`, on Deno only.
 *
 * What is particular here:
 * - Fan-out is a loop over one shared array; `bufferedAmount` is looked at before each send.
 * - `Deno.upgradeWebSocket({ protocol })` throws for an offer without a space after the comma, which is how libzmq
 *   writes it; so the subprotocol is set on the response instead.
 * - There is no limit on the length of a message before it has been read (64 MiB inside Deno): the check is ours.
 * - Nothing ends a connection at once: `close` waits behind what is queued and for the peer's answer. To its owner the
 *   connection has ended; the descriptor and the queue stay until the peer or TCP gives up, or the server stops. Such
 *   connections are counted, and new ones refused when they become many.
 * - `idleTimeout` would be 30 s; Deno pings at half of it.
 *
 * @module
 */
import { pause, systemClock } from "../core/clock.ts";
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

/** How long a stopping server lets its peers answer the close. */
const CLOSE_GRACE_MS = 500;
/** Connections that ended for us and not yet for the kernel; a peer that does this on purpose gets no further. */
const MAX_LINGERING = 1_000;

interface ServerSide {
  readonly options: WebSocketServerOptions;
  /** The connection has ended for its owner, and not yet for the kernel. */
  readonly onLinger: () => void;
}

class DenoSocket implements ServerWebSocket {
  readonly address: string;
  readonly #native: WebSocket;
  readonly #handler: SocketHandler;
  readonly #options: WebSocketServerOptions;
  readonly #onLinger: () => void;
  #hasEnded = false;
  #error = "";

  constructor(address: string, native: WebSocket, handler: SocketHandler, server: ServerSide) {
    this.address = address;
    this.#native = native;
    this.#handler = handler;
    this.#options = server.options;
    this.#onLinger = server.onLinger;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get queuedBytes(): number {
    return this.#native.bufferedAmount;
  }

  send(message: Uint8Array): boolean {
    if (this.#hasEnded || this.#native.readyState !== WebSocket.OPEN) return false;
    const { maxQueuedBytes } = this.#options;
    const queuedBytes = this.#native.bufferedAmount;
    // As on Bun, one message may reach over the bound: else a message longer than the bound could never be sent.
    if (queuedBytes > 0 && queuedBytes + message.length > maxQueuedBytes) {
      this.#fail({ cause: "slow", reason: `More than ${maxQueuedBytes} bytes waited for it` }, 1008);
      return false;
    }
    this.#native.send(message as Uint8Array<ArrayBuffer>);
    return true;
  }

  join(): void {} // publish() is given the members

  leave(): void {}

  close(code: number, reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onLinger();
    this.#native.close(code, closeReason(reason));
  }

  received(data: ArrayBuffer | string): void {
    if (this.#hasEnded) return;
    if (typeof data === "string") return this.#handler.onMessage(data);
    const { maxMessageBytes } = this.#options;
    if (data.byteLength <= maxMessageBytes) return this.#handler.onMessage(new Uint8Array(data));
    this.#fail({ cause: "oversize", reason: `Received ${data.byteLength} bytes, limit ${maxMessageBytes}` }, 1009);
  }

  failed(message: string): void {
    this.#error = message;
  }

  ended(code: number, reason: string): void {
    const end = this.#error ? { cause: causeOf(this.#error), reason: this.#error } : undefined;
    this.#end(end ?? { cause: "closed", reason: reason || `Closed with code ${code}` });
  }

  #fail(end: SocketEnd, code: number): void {
    this.#end(end);
    this.#onLinger();
    this.#native.close(code, closeReason(end.reason));
  }

  #end(end: SocketEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#handler.onClose(end);
  }
}

/** Opens the server; throws Deno's own error. */
export function listen(options: WebSocketServerOptions): WebSocketServer {
  const sockets = new Set<DenoSocket>();
  let onAllClosed = () => {};
  let lingering = 0;
  const side: ServerSide = { options, onLinger: () => void lingering++ };
  const accept = (address: string) =>
    lingering < MAX_LINGERING ? options.accept(address) : "Too many connections that do not answer a close";

  const upgrade = (request: Request, address: string): Response => {
    const judged = judgeUpgrade(request, address, { ...options, accept });
    if (judged instanceof Response) return judged;
    const { socket: native, response } = Deno.upgradeWebSocket(request, { idleTimeout: options.idleTimeoutMs / 1000 });
    response.headers.set("Sec-WebSocket-Protocol", judged.protocol);
    native.binaryType = "arraybuffer";
    const socket = new DenoSocket(address, native, judged.handler, side);
    native.onopen = () => {
      sockets.add(socket);
      judged.handler.onOpen(socket);
    };
    native.onmessage = ({ data }) => socket.received(data);
    native.onerror = (event) => socket.failed(event instanceof ErrorEvent ? event.message : "unknown");
    native.onclose = ({ code, reason }) => {
      if (!sockets.delete(socket)) return;
      if (socket.hasEnded) lingering--;
      else socket.ended(code, reason);
      if (sockets.size === 0) onAllClosed();
    };
    return response;
  };

  const server = Deno.serve({
    hostname: options.hostname,
    port: options.port,
    reusePort: false,
    onListen: () => {},
    onError: () => new Response("The WebSocket handshake is not valid\n", { status: 400 }),
  }, (request, { remoteAddr }) => upgrade(request, plainAddress(remoteAddr.hostname)));

  return {
    hostname: options.hostname,
    port: server.addr.port,
    publish(group: SocketGroup, message: Uint8Array): void {
      for (const member of group.members) member.send(message);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.close(1001, "The server stops");
      if (sockets.size > 0) {
        const allClosed = new AbortController();
        onAllClosed = () => allClosed.abort();
        await pause(systemClock, CLOSE_GRACE_MS, allClosed.signal);
      }
      await server.shutdown(); // ends those that did not answer
    },
  };
}

function causeOf(message: string): SocketEnd["cause"] {
  if (message.includes("ping")) return "idle";
  return /reset|broken pipe|unexpected eof/i.test(message) ? "closed" : "protocol";
}
