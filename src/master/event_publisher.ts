/**
 * EventPublisher: the event bus. Everything that happens is an event with a tag and a number; whoever subscribed to
 * a glob that matches the tag is told. Clients behind MWorkerQueue get theirs in batches, one message a tick.
 *
 * @module
 */
import { type BusEvent, encodeOperatorMessage } from "../wire/operator_messages.ts";
import { soon } from "../runtime/soon.ts";
import { UsageError } from "../core/errors.ts";
import { compileGlob } from "../target/glob.ts";
import type { FromEvents, Link, PeerNumber, ToEvents, ToQueue } from "./link.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** Events that may wait for one client until the next tick; beyond this they are dropped and counted. */
const MAX_WAITING = 65_536;

/** Globs that one client may hold. */
const MAX_GLOBS = 64;

/** Somebody who is told of events. */
interface Listener {
  readonly globs: Set<string>;
  take(event: BusEvent): void;
}

/** Subscriptions. Those of the form `some/path/*` are found by the tag's own path, whatever their number. */
class Subscriptions {
  readonly #byPrefix = new Map<string, Set<Listener>>();
  readonly #byGlob = new Map<string, { matches: (tag: string) => boolean; listeners: Set<Listener> }>();

  add(glob: string, listener: Listener): void {
    listener.globs.add(glob);
    const prefix = prefixOf(glob);
    if (prefix !== undefined) {
      const listeners = this.#byPrefix.get(prefix) ?? new Set();
      this.#byPrefix.set(prefix, listeners.add(listener));
      return;
    }
    const entry = this.#byGlob.get(glob) ?? { matches: compileTagGlob(glob), listeners: new Set() };
    this.#byGlob.set(glob, entry);
    entry.listeners.add(listener);
  }

  remove(listener: Listener): void {
    for (const glob of listener.globs) {
      const prefix = prefixOf(glob);
      const listeners = prefix === undefined ? this.#byGlob.get(glob)?.listeners : this.#byPrefix.get(prefix);
      listeners?.delete(listener);
      if (listeners?.size !== 0) continue;
      if (prefix === undefined) this.#byGlob.delete(glob);
      else this.#byPrefix.delete(prefix);
    }
  }

  /** Everybody whose subscriptions match, each once. */
  of(tag: string): Set<Listener> {
    const found = new Set<Listener>();
    for (let slash = tag.indexOf("/"); slash !== -1; slash = tag.indexOf("/", slash + 1)) {
      for (const listener of this.#byPrefix.get(tag.slice(0, slash + 1)) ?? []) found.add(listener);
    }
    for (const { matches, listeners } of this.#byGlob.values()) {
      if (matches(tag)) { for (const listener of listeners) found.add(listener); }
    }
    return found;
  }
}

function compileTagGlob(glob: string): (tag: string) => boolean {
  return compileGlob(glob, (state) => new UsageError(`Cannot read tag glob "${glob}": ${state}`));
}

function prefixOf(glob: string): string | undefined {
  const prefix = glob.slice(0, -1);
  return glob.endsWith("/*") && !/[*?[\]{}]/.test(prefix) ? prefix : undefined;
}

/** A client on 4506. */
class ClientListener implements Listener {
  readonly globs = new Set<string>();
  #waiting: BusEvent[] = [];
  #missed = 0;
  #isScheduled = false;
  readonly #peer: PeerNumber;
  readonly #queue: Link<ToQueue>;

  constructor(peer: PeerNumber, queue: Link<ToQueue>) {
    this.#peer = peer;
    this.#queue = queue;
  }

  take(event: BusEvent): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#missed++;
      return;
    }
    this.#waiting.push(event);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    soon(() => this.#flush());
  }

  /** In messages well below the frame limit, whatever the events carry. */
  #flush(): void {
    this.#isScheduled = false;
    const events = this.#waiting;
    this.#waiting = [];
    let start = 0;
    let sizeBytes = 0;
    for (const [index, { data }] of events.entries()) {
      const body = data["body"];
      sizeBytes += 256 + (body instanceof Uint8Array ? body.length : 0);
      if (sizeBytes < 512 * 1024 && index < events.length - 1) continue;
      const message = encodeOperatorMessage({
        kind: "events",
        missed: this.#missed,
        events: events.slice(start, index + 1),
      });
      this.#missed = 0;
      this.#queue.send({ kind: "to_peer", peer: this.#peer, message });
      start = index + 1;
      sizeBytes = 0;
    }
  }
}

/** Runs the bus until the context's signal. */
export async function runEventPublisher({ exchange, clock, signal, ready, log }: RoleContext): Promise<void> {
  const subscriptions = new Subscriptions();
  const clients = new Map<PeerNumber, ClientListener>();
  let sequence = 0;
  using queue = exchange.connect("MWorkerQueue", () => {});
  const emit = (tag: string, data: BusEvent["data"]) => {
    const event: BusEvent = { sequence: ++sequence, tag, at: clock.now(), data };
    for (const listener of subscriptions.of(tag)) listener.take(event);
  };
  const accept = (link: Link<FromEvents>) => {
    const self: Listener = { globs: new Set(), take: (event) => link.send({ kind: "event", event }) };
    return {
      receive(message: ToEvents) {
        switch (message.kind) {
          case "emit":
            return emit(message.tag, message.data);
          case "listen":
            return subscriptions.add(message.glob, self);
          case "subscribe": {
            const client = clients.get(message.peer) ?? new ClientListener(message.peer, queue);
            clients.set(message.peer, client);
            if (client.globs.size < MAX_GLOBS) return subscriptions.add(message.glob, client);
            return log.warning(`a client has ${MAX_GLOBS} subscriptions already: ${message.glob} is not added`);
          }
          case "gone": {
            const client = clients.get(message.peer);
            if (client) subscriptions.remove(client);
            clients.delete(message.peer);
          }
        }
      },
      closed: () => subscriptions.remove(self),
    };
  };
  using _hub = exchange.serve("EventPublisher", accept);
  ready();
  await untilAborted(signal);
}
