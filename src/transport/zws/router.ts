/**
 * ROUTER: receives from many peers and answers each. A peer is its connection, so nobody can take over another's name
 * and no name is lost with an old connection (table J4, J5).
 *
 * @module
 */
import type { ServerWebSocket } from "../../runtime/websocket.ts";
import { Inbox } from "../inbox.ts";
import type { Frame, Peer, Router, RouterMessage, ServerOptions } from "../transport.ts";
import { encodeFrame, encodeFrames } from "./frame.ts";
import type { ServerPeer } from "./server_peer.ts";
import { type ServerDeps, ZwsServerSocket } from "./server_socket.ts";

class ZwsRouter extends ZwsServerSocket implements Router {
  readonly #inbox: Inbox<RouterMessage>;

  private constructor(deps: ServerDeps, options: ServerOptions) {
    super(deps, options);
    this.#inbox = new Inbox(this.limits.maxInbox);
  }

  static async open(deps: ServerDeps, options: ServerOptions): Promise<Router> {
    const router = new ZwsRouter(deps, options);
    await router.open(deps.listen);
    return router;
  }

  send(peer: Peer, frames: readonly Frame[]): boolean {
    const socket = this.find(peer)?.socket;
    if (!socket) return false;
    const [only] = frames;
    if (only && frames.length === 1) return socket.send(encodeFrame(only));
    return encodeFrames(frames).every((message) => socket.send(message));
  }

  [Symbol.asyncIterator](): AsyncIterator<RouterMessage> {
    return this.#inbox[Symbol.asyncIterator]();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#inbox.clear();
    this.#inbox.end();
    await super[Symbol.asyncDispose]();
  }

  protected override received(peer: ServerPeer, _socket: ServerWebSocket, frames: Frame[]): void {
    if (this.#inbox.offer([peer, ...frames])) return;
    this.drop(peer, `More messages wait than maxInbox ${this.limits.maxInbox}`);
  }

  protected override left(): void {}
}

/** Listens; resolves when dealers can connect. */
export const openRouter = ZwsRouter.open;
