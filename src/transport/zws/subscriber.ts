/**
 * SUB: says which prefixes it wants, again on every new connection and in the same order; a ticket that has to come
 * first is subscribed to first. Subscribing twice to one topic is subscribing once.
 *
 * @module
 */
import type { Frame, Subscriber } from "../transport.ts";
import { ZwsClientSocket } from "./client_socket.ts";

const UNSUBSCRIBE = 0x00;
const SUBSCRIBE = 0x01;

/** See {@link Subscriber}. */
export class ZwsSubscriber extends ZwsClientSocket implements Subscriber {
  readonly #topics: Uint8Array[] = [];

  subscribe(topic: Uint8Array): void {
    if (this.#find(topic) >= 0) return;
    this.#topics.push(topic.slice());
    this.sendNow([request(SUBSCRIBE, topic)]);
  }

  unsubscribe(topic: Uint8Array): void {
    const at = this.#find(topic);
    if (at < 0) return;
    this.#topics.splice(at, 1);
    this.sendNow([request(UNSUBSCRIBE, topic)]);
  }

  protected override greeted(): void {
    for (const topic of this.#topics) this.sendNow([request(SUBSCRIBE, topic)]);
  }

  #find(topic: Uint8Array): number {
    return this.#topics.findIndex((held) => held.length === topic.length && held.every((b, at) => b === topic[at]));
  }
}

function request(verb: number, topic: Uint8Array): Frame {
  const frame = new Uint8Array(topic.length + 1);
  frame[0] = verb;
  frame.set(topic, 1);
  return frame;
}
