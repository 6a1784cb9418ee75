/**
 * A WebSocket client on the runtimes' native `WebSocket`.
 *
 * What the runtimes do differently:
 * - Bun offers permessage-deflate unless told not to; Deno never offers it.
 * - Bun can ping, and tells of pongs, so that there a quiet but living connection is seen to live. Deno can not:
 *   its liveness is judged by inbound messages alone, and a layer above that wants long silences has to send some.
 * - Bun can end a connection at once. On Deno a dead path keeps its descriptor until TCP gives up; the owner does not
 *   notice, because nothing is delivered after `close`.
 *
 * @module
 */
import { pause, systemClock } from "../core/clock.ts";
import { reasonOf } from "../core/errors.ts";
import { connectFailure } from "./connect_failure.ts";
import { closeReason } from "./websocket.ts";

/** What a client is opened with. After `onClose`, or after the owner's own `close`, nothing more comes. */
export interface WebSocketClientOptions {
  /** `ws://HOST:PORT`. */
  readonly url: string;
  readonly protocol: string;
  readonly onOpen: () => void;
  /** A string is a text message. The bytes belong to the receiver. */
  readonly onMessage: (message: Uint8Array | string) => void;
  /** The peer answered a ping. */
  readonly onPong: () => void;
  /** The connection ended, or there never was one. */
  readonly onClose: (reason: string) => void;
}

/** One connection, or the attempt at one. */
export interface ClientWebSocket {
  /** Bytes that were sent and are not yet with the kernel. */
  readonly queuedBytes: number;
  /** Queues one binary message. Does nothing when the connection has gone. */
  send(message: Uint8Array): void;
  /** Asks the peer for a sign of life, where the runtime can. */
  ping(): void;
  /** Ends the connection after what was sent before; resolves when it has ended, or after a short grace. */
  close(reason: string): Promise<void>;
}

/** Something that opens clients: the runtime here, an in-memory network in tests. */
export type OpenWebSocketClient = (options: WebSocketClientOptions) => ClientWebSocket;

/** How long the peer may take to answer a close. */
const CLOSE_GRACE_MS = 500;

/** What Bun's `WebSocket` can do beyond the standard. */
interface BunExtras {
  ping?(): void;
  terminate?(): void;
}

type NativeConstructor = new (url: string, options: string[] | Record<string, unknown>) => WebSocket & BunExtras;

/** Begins to connect. Throws only when `url` is not a WebSocket URL. */
export function openWebSocketClient(options: WebSocketClientOptions): ClientWebSocket {
  const { url, protocol } = options;
  const Native = WebSocket as unknown as NativeConstructor;
  let native: WebSocket & BunExtras;
  try {
    native = new Native(url, "Bun" in globalThis ? { protocols: [protocol], perMessageDeflate: false } : [protocol]);
  } catch (cause) {
    throw new Error(`Cannot connect to ${url}: ${reasonOf(cause)}`, { cause });
  }
  native.binaryType = "arraybuffer";

  let hasEnded = false; // for the owner
  let error = "";
  const gone = new AbortController(); // for the runtime

  const end = (reason: string) => {
    if (hasEnded) return;
    hasEnded = true;
    options.onClose(reason);
  };
  const closeNative = async (reason: string) => {
    if (native.readyState === WebSocket.CLOSED) return;
    native.close(1000, closeReason(reason));
    await pause(systemClock, CLOSE_GRACE_MS, gone.signal);
    if (!gone.signal.aborted) native.terminate?.();
  };

  native.addEventListener("open", () => {
    if (hasEnded) return;
    if (native.protocol === protocol && native.extensions === "") return options.onOpen();
    end(`The server chose subprotocol "${native.protocol}" and extensions "${native.extensions}"`);
    void closeNative("Wrong subprotocol");
  });
  native.addEventListener("message", ({ data }) => {
    if (!hasEnded) options.onMessage(typeof data === "string" ? data : new Uint8Array(data));
  });
  native.addEventListener("pong", () => {
    if (!hasEnded) options.onPong();
  });
  // Without a listener a refused connection would end the process (table J6).
  native.addEventListener("error", (event) => {
    error = connectFailure(event);
  });
  native.addEventListener("close", ({ code, reason }) => {
    gone.abort();
    end(reason || error || `Closed with code ${code}`);
  });

  return {
    get queuedBytes() {
      return native.bufferedAmount;
    },
    send(message) {
      if (native.readyState === WebSocket.OPEN) native.send(message as Uint8Array<ArrayBuffer>);
    },
    ping() {
      if (native.readyState === WebSocket.OPEN) native.ping?.();
    },
    async close(reason) {
      hasEnded = true;
      await closeNative(reason);
    },
  };
}
