/**
 * Links between roles that share one process (`worker_threads: 0`). Messages are delivered in the next microtask, as
 * a batch, so that a role never finds itself called from inside its own `send`, just as between processes.
 *
 * @module
 */
import type { Exchange, Hub, HubMessages, Link, LinkListener } from "./link.ts";

type Accept<H extends Hub> = (link: Link<HubMessages[H]["out"]>) => LinkListener<HubMessages[H]["in"]>;

/** The end of a link that a role holds, as its hub sees it. */
interface End {
  attach(accept: unknown): void;
  /** The hub has gone: what was on its way to it still arrives, what comes after that waits for its successor. */
  detach(): void;
}

/** An exchange for one process. Each hub is opened once at a time. */
export function localExchange(): Exchange {
  const hubs = new Map<Hub, unknown>();
  const waiting = new Map<Hub, Set<End>>();
  const attached = new Map<Hub, Set<End>>();
  return {
    serve(hub, onLink) {
      if (hubs.has(hub)) return Promise.reject(new Error(`Cannot open ${hub}: it is open already`));
      hubs.set(hub, onLink);
      for (const end of waiting.get(hub) ?? []) end.attach(onLink);
      waiting.delete(hub);
      return Promise.resolve({
        [Symbol.asyncDispose]: () => {
          hubs.delete(hub);
          const left = attached.get(hub) ?? new Set();
          attached.delete(hub);
          for (const end of left) end.detach();
          waiting.set(hub, new Set([...waiting.get(hub) ?? [], ...left]));
          return Promise.resolve();
        },
      });
    },
    connect<H extends Hub>(
      hub: H,
      receive: (message: HubMessages[H]["out"]) => void,
      onConnect: () => void = () => {},
    ) {
      const toHub = new Direction<HubMessages[H]["in"]>();
      const toClient = new Direction<HubMessages[H]["out"]>();
      toClient.to(receive);
      let listener: LinkListener<HubMessages[H]["in"]> | undefined;
      const end: End = {
        attach(accept) {
          attached.set(hub, (attached.get(hub) ?? new Set()).add(end));
          listener = (accept as Accept<H>)(toClient); // the map is keyed by hub, which types cannot say
          toHub.putFirst(() => onConnect());
          toHub.to((message) => listener?.receive(message));
        },
        detach() {
          toHub.flush();
          toHub.to(undefined);
          listener = undefined;
        },
      };
      waiting.set(hub, (waiting.get(hub) ?? new Set()).add(end));
      // Not before the caller has the link that its onConnect uses.
      queueMicrotask(() => {
        const accept = hubs.get(hub);
        if (accept && waiting.get(hub)?.delete(end)) end.attach(accept);
      });
      return {
        send: (message) => toHub.send(message),
        [Symbol.dispose]: () => {
          waiting.get(hub)?.delete(end);
          attached.get(hub)?.delete(end);
          const left = listener;
          end.detach();
          toHub[Symbol.dispose]();
          toClient[Symbol.dispose]();
          left?.closed();
        },
      };
    },
  };
}

/** One direction of a link. */
class Direction<Message> implements Link<Message> {
  #queue: Message[] = [];
  #isScheduled = false;
  #isClosed = false;
  #receive: ((message: Message) => void) | undefined;

  /** Where messages go from now on; undefined: they wait. */
  to(receive: ((message: Message) => void) | undefined): void {
    this.#receive = receive;
    this.#schedule();
  }

  send(message: Message): void {
    if (this.#isClosed) return;
    this.#queue.push(message);
    this.#schedule();
  }

  /** What `sends` sends comes before all that waits. */
  putFirst(sends: () => void): void {
    const waiting = this.#queue;
    this.#queue = [];
    sends();
    this.#queue.push(...waiting);
  }

  flush(): void {
    this.#isScheduled = false;
    while (this.#receive && this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      for (const message of batch) if (!this.#isClosed) this.#receive?.(message);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#queue = [];
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#receive || this.#queue.length === 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.flush());
  }
}
