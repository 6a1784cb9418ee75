/**
 * EventPublisher: the event bus. Everything that happens is an event with a tag and a number; whoever subscribed to
 * a glob that matches the tag is told, other roles at once, clients behind MWorkerQueue in batches.
 *
 * @module
 */
import type { BusEvent } from "../wire/operator_messages.ts";
import { EventClient } from "./event_client.ts";
import { EventSubscriptions, type Listener } from "./event_subscriptions.ts";
import type { FromEvents, Link, PeerNumber, ToEvents } from "./link.ts";
import { guarded, type RoleContext, untilAborted } from "./role.ts";

/** Runs the bus until the context's signal. */
export async function runEventPublisher({ exchange, clock, signal, ready, log }: RoleContext): Promise<void> {
  const subscriptions = new EventSubscriptions();
  const clients = new Map<PeerNumber, EventClient>();
  let sequence = 0;
  using queue = exchange.connect("MWorkerQueue", () => {});
  const emit = (tag: string, data: BusEvent["data"]) => {
    const event: BusEvent = { sequence: ++sequence, tag, at: clock.now(), data };
    for (const listener of subscriptions.of(tag)) listener.take(event);
  };
  const clientOf = (peer: PeerNumber): EventClient => {
    const client = clients.get(peer) ?? new EventClient((message) => queue.send({ kind: "to_peer", peer, message }));
    clients.set(peer, client);
    return client;
  };
  const accept = (link: Link<FromEvents>) => {
    const self: Listener = { take: (event) => link.send({ kind: "event", event }) };
    return {
      receive: guarded(log, (message: ToEvents) => {
        switch (message.kind) {
          case "emit":
            return emit(message.tag, message.data);
          case "listen":
            return void subscriptions.add(message.glob, self);
          case "subscribe": {
            const dropped = subscriptions.add(message.glob, clientOf(message.peer));
            if (dropped !== undefined) log.warning(`a client has too many subscriptions: ${dropped} gave way`);
            return;
          }
          case "gone": {
            const client = clients.get(message.peer);
            if (client) subscriptions.remove(client);
            clients.delete(message.peer);
          }
        }
      }),
      closed: () => subscriptions.remove(self),
    };
  };
  using _hub = exchange.serve("EventPublisher", accept);
  ready();
  await untilAborted(signal);
}
