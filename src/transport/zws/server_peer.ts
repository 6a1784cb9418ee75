/**
 * One connection of a PUB or ROUTER: what is known of it and how far it has come. Its socket decides everything; this
 * only holds state and passes on what the runtime says.
 *
 * @module
 */
import type { ServerWebSocket, SocketEnd, SocketHandler } from "../../runtime/websocket.ts";
import type { Peer, TransportLimits } from "../transport.ts";
import { MessageReader } from "./message_reader.ts";

/** What a peer tells its socket. */
export interface PeerOwner {
  peerOpened(peer: ServerPeer): void;
  peerSent(peer: ServerPeer, message: Uint8Array | string): void;
  peerClosed(peer: ServerPeer, end: SocketEnd): void;
}

// The one counter of this module: `Peer.number` promises to be unique in the process, over all sockets.
let lastNumber = 0;

/** See {@link Peer}. */
export class ServerPeer implements Peer, SocketHandler {
  readonly number = ++lastNumber;
  readonly address: string;
  readonly reader: MessageReader;
  /** Runs until the peer is admitted. */
  admitTimer: Disposable | undefined;
  isAdmitted = false;
  readonly #owner: PeerOwner;
  #socket: ServerWebSocket | undefined;
  #hasEnded = false;
  #closed: AbortController | undefined;

  constructor(address: string, owner: PeerOwner, limits: TransportLimits) {
    this.address = address;
    this.reader = new MessageReader(limits);
    this.#owner = owner;
  }

  /** Made when first asked for: most peers of a PUB are never asked. */
  get closed(): AbortSignal {
    this.#closed ??= new AbortController();
    if (this.#hasEnded) this.#closed.abort();
    return this.#closed.signal;
  }

  /** The connection, once it is open and until it has ended. */
  get socket(): ServerWebSocket | undefined {
    return this.#socket;
  }

  /** To be called once; aborts `closed`. */
  end(): void {
    this.#hasEnded = true;
    this.#socket = undefined;
    this.#closed?.abort();
  }

  onOpen(socket: ServerWebSocket): void {
    this.#socket = socket;
    this.#owner.peerOpened(this);
  }

  onMessage(message: Uint8Array | string): void {
    this.#owner.peerSent(this, message);
  }

  onClose(end: SocketEnd): void {
    this.#owner.peerClosed(this, end);
  }
}
