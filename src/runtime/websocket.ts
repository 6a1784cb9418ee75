/**
 * WebSockets as the transport sees them, whatever the runtime: what a server is opened with, what it tells, and how a
 * request is judged before it becomes one.
 *
 * @module
 */

/** Why a connection ended. Only "closed" is ordinary; the others are worth a line in the log. */
export interface SocketEnd {
  readonly cause: "closed" | "idle" | "oversize" | "slow" | "protocol";
  /** One sentence without a full stop. */
  readonly reason: string;
}

/** One accepted connection, as its owner sees it. */
export interface ServerWebSocket {
  /** The remote IP address. */
  readonly address: string;
  /** Bytes that were sent and are not yet with the kernel. */
  readonly queuedBytes: number;
  /** Queues one binary message. False: the connection has gone, or went just now because its queue is full. */
  send(message: Uint8Array): boolean;
  /** From now on {@link WebSocketServer.publish} may serve this socket as a member of the group. */
  join(groupName: string): void;
  leave(groupName: string): void;
  /** Ends the connection after what was sent before. The handler hears nothing more. */
  close(code: number, reason: string): void;
}

/** What the owner of a connection is told. After `onClose`, or after the owner's own `close`, nothing more comes. */
export interface SocketHandler {
  onOpen(socket: ServerWebSocket): void;
  /** A string is a text message. The bytes belong to the receiver. */
  onMessage(message: Uint8Array | string): void;
  onClose(end: SocketEnd): void;
}

/** Sockets that receive the same messages; its owner keeps `members` in step with `join` and `leave`. */
export interface SocketGroup {
  readonly name: string;
  readonly members: ReadonlySet<ServerWebSocket>;
}

/** What a server is opened with. */
export interface WebSocketServerOptions {
  /** An IP address; exactly this one is listened on. */
  readonly hostname: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** A longer message closes its connection. */
  readonly maxMessageBytes: number;
  /** Bytes that may wait for one peer before it is dropped. */
  readonly maxQueuedBytes: number;
  /** A peer that answers no ping for this long is dropped. */
  readonly idleTimeoutMs: number;
  /** The answer to `Sec-WebSocket-Protocol`, in the exact spelling to send; undefined refuses. */
  readonly chooseProtocol: (offer: string | null) => string | undefined;
  /** Who will own a connection from `address`; a string is the reason why it may not have one. */
  readonly accept: (address: string) => SocketHandler | string;
  /** A request was answered with an error instead of a connection. */
  readonly onRefused: (address: string, reason: string) => void;
}

/** A listening server. Disposing it closes every connection. */
export interface WebSocketServer extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** Sends one message to every member; a member that is too slow is dropped and the others do not notice. */
  publish(group: SocketGroup, message: Uint8Array): void;
}

/** Something that opens servers: the runtime here, an in-memory network in tests. */
export type OpenWebSocketServer = (options: WebSocketServerOptions) => Promise<WebSocketServer>;

/** A request that may become a WebSocket. */
export interface Accepted {
  readonly handler: SocketHandler;
  readonly protocol: string;
}

/** Judges a request before the upgrade, where a refusal costs a line of HTTP and no socket. */
export function judgeUpgrade(request: Request, address: string, options: WebSocketServerOptions): Accepted | Response {
  const refuse = (status: number, reason: string, headers: Record<string, string> = {}) => {
    options.onRefused(address, reason);
    return new Response(`${reason}\n`, { status, headers: { ...headers, connection: "close" } });
  };
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return refuse(426, "The request is not a WebSocket upgrade", { upgrade: "websocket" });
  }
  // Only browsers send Origin, and no page has any business here.
  if (request.headers.has("origin")) return refuse(403, "The request comes from a web page");
  const protocol = options.chooseProtocol(request.headers.get("sec-websocket-protocol"));
  if (protocol === undefined) return refuse(400, "The request offers no subprotocol that is spoken here");
  const handler = options.accept(address);
  return typeof handler === "string" ? refuse(503, handler) : { handler, protocol };
}

/** `::ffff:192.0.2.1` and `192.0.2.1` are one address. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "unknown";
  return address.toLowerCase().startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatHostPort(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** A reason as a close frame can carry it: 123 bytes at most. */
export function closeReason(reason: string): string {
  return reason.replace(/[^\x20-\x7e]/g, "?").slice(0, 123);
}
