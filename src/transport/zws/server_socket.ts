/**
 * What PUB and ROUTER share: connections, who is half-open, the limits, and the way a peer leaves. A connection that
 * breaks a rule or a limit is closed and reported, and nobody else notices.
 *
 * @module
 */
import type { Clock } from "../../core/clock.ts";
import { reasonOf } from "../../core/errors.ts";
import {
  type OpenWebSocketServer,
  plainAddress,
  type ServerWebSocket,
  type SocketEnd,
  type SocketGroup,
  type WebSocketServer,
} from "../../runtime/websocket.ts";
import {
  type Frame,
  type Peer,
  type ServerOptions,
  type ServerSocket,
  TRANSPORT_LIMITS,
  type TransportLimits,
} from "../transport.ts";
import { encodeFrame } from "./frame.ts";
import { chooseProtocol } from "./protocol.ts";
import { type PeerOwner, ServerPeer } from "./server_peer.ts";

/** What server sockets are made from. */
export interface ServerDeps {
  readonly clock: Clock;
  readonly listen: OpenWebSocketServer;
}

const IDLE_TIMEOUT_MS = 30_000; // a dead path is seen within half a minute

/** WebSocket close codes (RFC 6455, 7.4.1). */
const NORMAL = 1000;
const POLICY = 1008;

/** Sent first on every connection: a server's routing id is empty. */
const GREETING = encodeFrame(new Uint8Array(0));

/** The base of both server sockets. */
export abstract class ZwsServerSocket implements ServerSocket, PeerOwner {
  readonly hostname: string;
  protected readonly limits: TransportLimits;
  readonly #clock: Clock;
  readonly #options: ServerOptions;
  readonly #peers = new Map<number, ServerPeer>();
  readonly #halfOpen = new Map<string, number>();
  #server: WebSocketServer | undefined;
  #isDisposed = false;

  protected constructor(deps: ServerDeps, options: ServerOptions) {
    this.hostname = options.hostname;
    this.limits = { ...TRANSPORT_LIMITS, ...options.limits };
    this.#clock = deps.clock;
    this.#options = options;
  }

  /** A complete message of `peer`. */
  protected abstract received(peer: ServerPeer, socket: ServerWebSocket, frames: Frame[]): void;
  /** `peer` has gone; `socket` was its connection. */
  protected abstract left(socket: ServerWebSocket): void;

  /** To be called once, before the socket is handed out. */
  protected async open(listen: OpenWebSocketServer): Promise<void> {
    const { hostname, port, idleTimeoutMs } = this.#options;
    this.#server = await listen({
      hostname,
      port,
      maxMessageBytes: this.limits.maxFrameBytes + 1,
      maxQueuedBytes: this.limits.maxQueuedBytes,
      idleTimeoutMs: idleTimeoutMs ?? IDLE_TIMEOUT_MS,
      chooseProtocol,
      accept: (address) => this.#refusal(address, 1) ?? new ServerPeer(plainAddress(address), this, this.limits),
      onRefused: (address, reason) => this.#options.onReport?.({ kind: "refused", address, reason }),
    });
  }

  get port(): number {
    return this.#server?.port ?? this.#options.port;
  }

  get connections(): number {
    return this.#peers.size;
  }

  admit(peer: Peer): void {
    const own = this.find(peer);
    if (own) this.#release(own);
  }

  disconnect(peer: Peer, reason: string): void {
    const own = this.find(peer);
    if (own) this.#remove(own)?.close(NORMAL, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const peer of this.#peers.values()) this.#remove(peer)?.close(1001, "The socket is closed");
    await this.#server?.[Symbol.asyncDispose]();
  }

  peerOpened(peer: ServerPeer): void {
    this.#peers.set(peer.number, peer);
    const halfOpen = this.#halfOpen.get(peer.address) ?? 0;
    this.#halfOpen.set(peer.address, halfOpen + 1);
    // Again: several handshakes may have been let in before the first of them was open.
    const refusal = this.#isDisposed ? "The socket is closed" : this.#refusal(peer.address, 0);
    if (refusal) return this.#refuse(peer, refusal);
    const { admitTimeoutMs } = this.limits;
    peer.admitTimer = this.#clock.after(
      admitTimeoutMs,
      () => this.drop(peer, `Not admitted within admitTimeoutMs ${admitTimeoutMs}`),
    );
    peer.socket?.send(GREETING);
    this.#options.onConnect?.(peer);
  }

  peerSent(peer: ServerPeer, message: Uint8Array | string): void {
    let frames: Frame[] | undefined;
    try {
      frames = peer.reader.read(message);
    } catch (cause) {
      return this.drop(peer, reasonOf(cause));
    }
    if (frames && peer.socket) this.received(peer, peer.socket, frames);
  }

  peerClosed(peer: ServerPeer, end: SocketEnd): void {
    this.#remove(peer);
    if (end.cause === "closed") return;
    const limit = end.cause === "slow" ? "maxQueuedBytes: " : end.cause === "oversize" ? "maxFrameBytes: " : "";
    this.#report("dropped", peer, limit + end.reason);
  }

  /** The peer, if it is connected to this very socket. */
  protected find(peer: Peer): ServerPeer | undefined {
    const own = this.#peers.get(peer.number);
    return own === peer ? own : undefined;
  }

  /** Ends a connection that broke a rule, and reports it. */
  protected drop(peer: ServerPeer, reason: string): void {
    const socket = this.#remove(peer);
    if (!socket) return;
    socket.close(POLICY, reason);
    this.#report("dropped", peer, reason);
  }

  /** Sends one encoded frame to all members. */
  protected publish(group: SocketGroup, message: Uint8Array): void {
    this.#server?.publish(group, message);
  }

  #refuse(peer: ServerPeer, reason: string): void {
    this.#remove(peer)?.close(POLICY, reason);
    this.#report("refused", peer, reason);
  }

  /** Why no connection of `address` may be added, on top of those counted already. */
  #refusal(address: string, adding: number): string | undefined {
    const { maxConnections, maxHalfOpenPerAddress } = this.limits;
    if (this.#peers.size + adding > maxConnections) return `More connections than maxConnections ${maxConnections}`;
    if ((this.#halfOpen.get(address) ?? 0) + adding <= maxHalfOpenPerAddress) return undefined;
    return `More half-open connections than maxHalfOpenPerAddress ${maxHalfOpenPerAddress}`;
  }

  /** Takes a peer out of the books; its socket, unless it was out already. */
  #remove(peer: ServerPeer): ServerWebSocket | undefined {
    const socket = peer.socket;
    if (!this.#peers.delete(peer.number)) return undefined;
    this.#release(peer);
    peer.end();
    if (socket) this.left(socket);
    return socket;
  }

  /** It no longer counts as half-open. */
  #release(peer: ServerPeer): void {
    if (peer.isAdmitted) return;
    peer.isAdmitted = true;
    peer.admitTimer?.[Symbol.dispose]();
    const halfOpen = (this.#halfOpen.get(peer.address) ?? 1) - 1;
    if (halfOpen > 0) this.#halfOpen.set(peer.address, halfOpen);
    else this.#halfOpen.delete(peer.address);
  }

  #report(kind: "refused" | "dropped", peer: Peer, reason: string): void {
    this.#options.onReport?.({ kind, address: peer.address, reason });
  }
}
