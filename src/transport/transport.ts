/**
 * The four sockets that Brine uses, as interfaces. Above this file nobody knows whether a message crosses a
 * WebSocket (`zws/`) or stays in memory (`memory.ts`).
 *
 * Messages are lists of frames, frames are bytes. A frame handed to `send` is never changed and may be kept until
 * it is written; a frame that is received belongs to the receiver. The manner is that of zeromq.js 6:
 * `for await (const [peer, ...frames] of router)`.
 *
 * @module
 */

/** One ZeroMQ frame. */
export type Frame = Uint8Array;

/**
 * One connection of a server socket, for as long as it lives; a new connection is a new peer. It says nothing about
 * who is there: identity comes from the handshake above (see `channel/`).
 */
export interface Peer {
  /** Unique in this process; never reused. */
  readonly number: number;
  /** The remote IP address, for logs and for the limit on half-open connections. */
  readonly address: string;
  /** Aborted when the connection has ended. */
  readonly closed: AbortSignal;
}

/** The bounds of a server socket. Exceeding one closes that connection, is reported, and hurts nobody else. */
export interface TransportLimits {
  /** Bytes of one frame. */
  readonly maxFrameBytes: number;
  /** Frames of one message. */
  readonly maxFrames: number;
  /** Bytes of one subscription. */
  readonly maxTopicBytes: number;
  /** Subscriptions of one peer. */
  readonly maxTopics: number;
  /** Bytes that may wait for one slow peer before it is dropped (the high-water mark). */
  readonly maxQueuedBytes: number;
  /** Messages that may wait for the receiver of this socket; at the bound the sending connection is closed. */
  readonly maxInbox: number;
  /** How long a connection may exist before `admit` is called for it. */
  readonly admitTimeoutMs: number;
  /** Connections of one address that are not yet admitted. */
  readonly maxHalfOpenPerAddress: number;
  /** Connections in all. */
  readonly maxConnections: number;
}

/** The defaults, each with its reason. */
export const TRANSPORT_LIMITS: TransportLimits = {
  maxFrameBytes: 2 * 1024 * 1024, // a chunk of a large return is 1 MiB, sealed
  maxFrames: 8, // nothing of ours sends more than one
  maxTopicBytes: 64, // a ticket fits; a recursive trie does not grow (table J2)
  maxTopics: 16,
  maxQueuedBytes: 32 * 1024 * 1024, // table J9
  maxInbox: 65_536, // six returns for each of ten thousand minions
  admitTimeoutMs: 5_000,
  maxHalfOpenPerAddress: 256, // a rack behind one NAT address reconnects at once
  maxConnections: 19_000, // below the usual descriptor limit of 20,000 with some to spare
};

/** What a socket reports besides messages: every refused or dropped peer, with the limit's name. */
export interface TransportReport {
  readonly kind: "refused" | "dropped";
  readonly address: string;
  /** One sentence without a full stop, fit for a log line. */
  readonly reason: string;
}

/** What both kinds of server socket are opened with. */
export interface ServerOptions {
  /** An IP address; exactly this one is listened on. */
  readonly hostname: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly limits?: Partial<TransportLimits>;
  /** WebSocket pings keep the path alive; a peer silent for this long is dropped. Default 30 s. */
  readonly idleTimeoutMs?: number;
  readonly onReport?: (report: TransportReport) => void;
  /** A connection exists. For a ROUTER its first message may follow. */
  readonly onConnect?: (peer: Peer) => void;
}

/** What every open server socket can do. */
export interface ServerSocket extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** How many connections there are. */
  readonly connections: number;
  /** Says that `peer` has proved who it is: `admitTimeoutMs` and the half-open limit no longer apply to it. */
  admit(peer: Peer): void;
  /** Ends a connection; what was sent before is still delivered where possible. */
  disconnect(peer: Peer, reason: string): void;
}

/** PUB: what is sent reaches every peer that subscribed to a prefix of the message's first frame. */
export interface Publisher extends ServerSocket {
  /** Sends to all matching subscribers; returns to how many. Encoded once; a slow subscriber is dropped, never waited for. */
  send(frames: readonly Frame[]): number;
}

/** How a PUB decides over a subscription. */
export interface PublisherOptions extends ServerOptions {
  /**
   * Judges each subscription before it takes effect. "subscribe": it holds. "consume": it was a credential; it is not
   * kept as a topic. "refuse": the connection is closed. Default: always "subscribe", and the peer is admitted.
   * With a gate, the gate's owner calls `admit`.
   */
  readonly gate?: (peer: Peer, topic: Uint8Array) => "subscribe" | "consume" | "refuse";
}

/** ROUTER: receives from many peers and answers each by name. */
export interface Router extends ServerSocket, AsyncIterable<RouterMessage> {
  /** Queues one message to one peer. False when the peer has gone or was dropped for being slow; never throws for that. */
  send(peer: Peer, frames: readonly Frame[]): boolean;
}

/** What a ROUTER yields. */
export type RouterMessage = readonly [peer: Peer, ...frames: Frame[]];

/** What both kinds of client socket are opened with. */
export interface ClientOptions {
  /** `ws://HOST:PORT`. */
  readonly url: string;
  /** The first frame that a ZWS peer sends; at most 255 bytes, may be empty. Default empty. */
  readonly routingId?: Uint8Array;
  /** Wait between attempts: exponential from `firstMs` to `maxMs` with full jitter. Default 100 ms … 30 s. */
  readonly reconnect?: { readonly firstMs: number; readonly maxMs: number } | false;
  /** Nothing at all heard for this long: the connection is given up and made again. Default: never. */
  readonly idleTimeoutMs?: number;
  /** How long one attempt to connect may take. Default 10 s. */
  readonly connectTimeoutMs?: number;
  readonly maxFrameBytes?: number;
  readonly maxFrames?: number;
  /** Bytes that may wait to be sent; at the bound `send` returns false. Default 32 MiB. */
  readonly maxQueuedBytes?: number;
  /** Messages that may wait to be received; at the bound the connection is dropped and made again. Default 65,536. */
  readonly maxInbox?: number;
  /** Connected: called before the first message is yielded, each time; `send` works from here on. */
  readonly onConnect?: () => void;
  /** An attempt failed or the connection ended. `retryInMs` is undefined when there will be no other. */
  readonly onDisconnect?: (reason: string, retryInMs: number | undefined) => void;
}

/** What every client socket can do. */
export interface ClientSocket extends AsyncDisposable {
  readonly isConnected: boolean;
  /** Gives the present connection up; with `reconnect` another one is made. */
  drop(reason: string): void;
}

/** SUB. Its subscriptions are sent again on every new connection, in order. Iteration ends when it is disposed. */
export interface Subscriber extends ClientSocket, AsyncIterable<readonly Frame[]> {
  subscribe(topic: Uint8Array): void;
  unsubscribe(topic: Uint8Array): void;
}

/** DEALER. Nothing is queued while there is no connection: `send` is false, and the layer above keeps what matters. */
export interface Dealer extends ClientSocket, AsyncIterable<readonly Frame[]> {
  send(frames: readonly Frame[]): boolean;
}

/** The factory that the rest of Brine is given. */
export interface Transport {
  openPublisher(options: PublisherOptions): Promise<Publisher>;
  openRouter(options: ServerOptions): Promise<Router>;
  openSubscriber(options: ClientOptions): Subscriber;
  openDealer(options: ClientOptions): Dealer;
}
