/**
 * EventPublisher: the event bus. Everything that happens is an event with a tag and a number; whoever subscribed to
 * a glob that matches the tag is told, other roles at once, clients behind MWorkerQueue in batches.
 *
 * @module
 */
import { compileEagerly } from "../runtime/jit.ts";
import type { BusEvent } from "../wire/operator_messages.ts";
import { EventClient } from "./event_client.ts";
import { EventSubscriptions, type Listener, pathOf } from "./event_subscriptions.ts";
import type { FromEvents, Link, PeerNumber, ToEvents } from "./link.ts";
import { guarded, type RoleContext, untilAborted } from "./role.ts";
import { UnclaimedEvents } from "./unclaimed_events.ts";

/** How long events wait for MWorkerQueue to say which clients listen: it may be down itself. */
const PATIENCE_MS = 1_000;

/** Events that may wait for it. */
const MAX_EARLY = 65_536;

/** Runs the bus until the context's signal. */
export async function runEventPublisher({ exchange, clock, signal, ready, log }: RoleContext): Promise<void> {
  compileEagerly();
  const subscriptions = new EventSubscriptions();
  const unclaimed = new UnclaimedEvents();
  const clients = new Map<PeerNumber, EventClient>();
  // A bus that comes back after a crash goes on above every number that its predecessor gave.
  let sequence = clock.now() * 1000;
  let early: Extract<ToEvents, { kind: "emit" }>[] | undefined = [];
  using queue = exchange.connect("MWorkerQueue", () => {});
  const emit = (tag: string, data: BusEvent["data"]) => {
    const event: BusEvent = { sequence: ++sequence, tag, at: clock.now(), data };
    const told = subscriptions.of(tag);
    for (const listener of told) listener.take(event);
    unclaimed.keep(event, told, (path) => subscriptions.hasPath(path));
  };
  const clientOf = (peer: PeerNumber): EventClient => {
    const client = clients.get(peer) ?? new EventClient((message) => queue.send({ kind: "to_peer", peer, message }));
    clients.set(peer, client);
    return client;
  };
  const subscribe = (peer: PeerNumber, globs: readonly string[]) => {
    for (const glob of globs) {
      const client = clientOf(peer);
      const dropped = subscriptions.add(glob, client);
      for (const { event, told } of unclaimed.claim(pathOf(glob) ?? "")) if (!told.has(client)) client.take(event);
      if (dropped !== undefined) log.warning(`a client has too many subscriptions: ${dropped} gave way`);
    }
  };
  /** Events that came before it was known who listens are told now. */
  const begin = () => {
    const events = early ?? [];
    early = undefined;
    for (const { tag, data } of events) emit(tag, data);
  };
  const accept = (link: Link<FromEvents>) => {
    const self: Listener = { take: (event) => link.send({ kind: "event", event }) };
    return {
      receive: guarded(log, (message: ToEvents) => {
        switch (message.kind) {
          case "emit":
            if (early) return void (early.length < MAX_EARLY && early.push(message));
            return emit(message.tag, message.data);
          case "listen":
            return void subscriptions.add(message.glob, self);
          case "subscribe":
            return subscribe(message.peer, message.globs);
          case "clients":
            for (const client of clients.values()) subscriptions.remove(client);
            clients.clear();
            for (const { peer, globs } of message.clients) subscribe(peer, globs);
            return begin();
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
  await using _hub = await exchange.serve("EventPublisher", accept);
  using _patience = clock.after(PATIENCE_MS, begin);
  ready();
  await untilAborted(signal);
}
