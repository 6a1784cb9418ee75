/**
 * PUB: each message goes to every peer that holds a prefix of its first frame. It is encoded once for all of them; a
 * peer that does not keep up is dropped, and the others never wait (table J1, J9, J15).
 *
 * @module
 */
import type { ServerWebSocket } from "../../runtime/websocket.ts";
import type { Frame, Publisher, PublisherOptions } from "../transport.ts";
import { encodeFrames } from "./frame.ts";
import type { ServerPeer } from "./server_peer.ts";
import { type ServerDeps, ZwsServerSocket } from "./server_socket.ts";
import { type Move, Subscriptions } from "./subscriptions.ts";

/** The first byte of a message from SUB to PUB; the topic follows. */
const UNSUBSCRIBE = 0x00;
const SUBSCRIBE = 0x01;

class ZwsPublisher extends ZwsServerSocket implements Publisher {
  readonly #subscriptions = new Subscriptions<ServerWebSocket>();
  readonly #gate: PublisherOptions["gate"];

  private constructor(deps: ServerDeps, options: PublisherOptions) {
    super(deps, options);
    this.#gate = options.gate;
  }

  static async open(deps: ServerDeps, options: PublisherOptions): Promise<Publisher> {
    const publisher = new ZwsPublisher(deps, options);
    await publisher.open(deps.listen);
    return publisher;
  }

  send(frames: readonly Frame[]): number {
    const [first] = frames;
    const messages = encodeFrames(frames);
    if (!first) return 0;
    let subscribers = 0;
    for (const group of this.#subscriptions.matching(first)) {
      for (const message of messages) this.publish(group, message);
      subscribers += group.members.size; // after sending: who was dropped for being slow does not count
    }
    return subscribers;
  }

  protected override received(peer: ServerPeer, socket: ServerWebSocket, frames: Frame[]): void {
    const [frame] = frames;
    const verb = frame?.[0];
    if (!frame || frames.length > 1 || (verb !== SUBSCRIBE && verb !== UNSUBSCRIBE)) {
      return this.drop(peer, "Cannot read message to a PUB: it is neither subscribe nor unsubscribe");
    }
    const topic = frame.subarray(1);
    if (verb === UNSUBSCRIBE) return this.#move(socket, this.#subscriptions.remove(socket, topic));

    const { maxTopicBytes, maxTopics } = this.limits;
    if (topic.length > maxTopicBytes) {
      return this.drop(peer, `Cannot subscribe: ${topic.length} bytes, limit maxTopicBytes ${maxTopicBytes}`);
    }
    const verdict = this.#gate ? this.#gate(peer, topic) : "subscribe";
    if (!peer.socket || verdict === "consume") return; // the gate may have disconnected it
    if (verdict === "refuse") return this.drop(peer, "Cannot subscribe: refused; this is a publish port, no ret_port");
    if (this.#subscriptions.count(socket) >= maxTopics && !this.#subscriptions.has(socket, topic)) {
      return this.drop(peer, `Cannot subscribe: more topics than maxTopics ${maxTopics}`);
    }
    if (!this.#gate) this.admit(peer);
    this.#move(socket, this.#subscriptions.add(socket, topic));
  }

  protected override left(socket: ServerWebSocket): void {
    this.#subscriptions.forget(socket);
  }

  #move(socket: ServerWebSocket, { from, to }: Move<ServerWebSocket>): void {
    if (from === to) return;
    if (from) socket.leave(from.name);
    if (to) socket.join(to.name);
  }
}

/** Listens; resolves when subscribers can connect. */
export const openPublisher = ZwsPublisher.open;
