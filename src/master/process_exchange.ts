/**
 * Links between roles that are processes of their own: Unix sockets in a 0700 directory, one a hub.
 *
 *     [number, messages]   either way
 *     [number, null]       from the hub: "processed up to here"; from a role: [0, null], "how far are you?"
 *
 * What a role sends in one turn of the event loop is one frame; a log record is one by itself, at once, so that it
 * outlives whatever its role dies of next (the kernel holds some 250 of them while nobody reads). The hub says which
 * frames it has processed, now and then, and at once when it is asked. Those that it has not are sent again when it is
 * back after a crash, in their order, so a message to a hub is processed at least once. What a role says when it
 * connects comes before them, and is not sent again: the next connection has its own. Messages from a hub are sent once:
 * a role that comes back asks for what it needs.
 *
 * At {@link MAX_UNREAD_BYTES} that a hub has not processed, events and log records are dropped and counted, because
 * the work matters more than the account of it; on other links the role gives up and is started again. Towards a role
 * that does not read, events are dropped and counted likewise; a worker that does not loses its connection, so that
 * what it has not done goes to another.
 *
 * @module
 */
import { type Clock, pause } from "../core/clock.ts";
import { join } from "../runtime/files.ts";
import { connectLocal, listenLocal, type LocalStream } from "../runtime/local_socket.ts";
import { soon } from "../runtime/soon.ts";
import type { Exchange, Hub, HubMessages, Link, LinkListener } from "./link.ts";
import { encodeFrame, FrameReader } from "./role_frame.ts";

/** The bound of what may wait for a hub, or for a role that listens to one. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/** How often a hub that is not there is tried again. */
const RETRY_MS = 20;

const DROPPABLE: ReadonlySet<Hub> = new Set(["EventPublisher", "MultiprocessingLoggingQueue"]);

/** Short names: a Unix socket's path has 107 bytes. */
const SOCKET_NAMES: Readonly<Record<Hub, string>> = {
  MWorkerQueue: "queue",
  ZeroMQPubServerChannel: "publisher",
  EventPublisher: "events",
  MultiprocessingLoggingQueue: "log",
};

/** What a process's exchange is made with. */
export interface ProcessExchangeOptions {
  /** The 0700 directory that the master's processes share. */
  readonly directory: string;
  readonly clock: Clock;
  /** Called when messages to a hub, or from the hub that is here, had to be dropped, with how many since the last call. */
  readonly onDropped: (hub: Hub, count: number) => void;
  /** A link that must not drop is full: this role cannot go on. */
  readonly onOverflow: (hub: Hub) => void;
}

/** This process's end of all links. */
export interface ProcessExchange extends Exchange {
  /** Resolves when hubs that are there have processed all that was sent, or after {@link SETTLE_LIMIT_MS}. */
  settled(): Promise<void>;
}

/** How long the end of a process waits for hubs that do not read. */
const SETTLE_LIMIT_MS = 2_000;

/**
 * How long a hub waits before it says what it has processed. A process that dies with a word unread in its socket makes
 * the kernel say "reset" (unix(7)), at which Bun drops what else came from it: so the words are few.
 */
const CONFIRM_MS = 5;

/** The same for log records: a process that dies in distress says much before it does. */
const CONFIRM_LOG_MS = 100;

/** Makes this process's end. */
export function processExchange(options: ProcessExchangeOptions): ProcessExchange {
  const pathOf = (hub: Hub) => join(options.directory, SOCKET_NAMES[hub]);
  const links = new Set<{ readonly isSettled: boolean; settle(): void }>();
  return {
    serve: (hub, onLink) => serveHub(hub, pathOf(hub), options, onLink),
    connect(hub, receive, onConnect = () => {}) {
      const link = new RoleLink({ ...options, hub, path: pathOf(hub), receive, onConnect });
      links.add(link);
      return link;
    },
    async settled() {
      const { clock } = options;
      const limit = clock.now() + SETTLE_LIMIT_MS;
      for (const link of links) link.settle();
      while (![...links].every(({ isSettled }) => isSettled) && clock.now() < limit) await pause(clock, 1);
    },
  };
}

interface RoleLinkOptions<In> extends ProcessExchangeOptions {
  readonly hub: Hub;
  readonly path: string;
  readonly receive: (message: In) => void;
  readonly onConnect: () => void;
}

/** A frame that the hub has not processed. */
interface Unprocessed {
  readonly number: number;
  readonly frame: Uint8Array;
  /** Said on connecting: worth nothing on the next connection. */
  readonly isGreeting: boolean;
}

/** A role's end of its link to a hub: keeps what is not processed, and comes back when the hub does. */
class RoleLink<In, Out> implements Link<Out> {
  readonly #options: RoleLinkOptions<In>;
  #waiting: Out[] = [];
  #unprocessed: Unprocessed[] = [];
  #unprocessedBytes = 0;
  #number = 0;
  #dropped = 0;
  #isScheduled = false;
  #isClosed = false;
  #stream: LocalStream | undefined;
  #retry: Disposable | undefined;

  constructor(options: RoleLinkOptions<In>) {
    this.#options = options;
    void this.#connect();
  }

  /** Whether all that was sent has been processed, as far as the hub is there to do it. */
  get isSettled(): boolean {
    return !this.#stream || (this.#waiting.length === 0 && this.#unprocessed.length === 0);
  }

  /** Asks the hub to say at once what it has processed. */
  settle(): void {
    this.#flush();
    if (!this.isSettled) this.#stream?.write(encodeFrame(0, null));
  }

  send(message: Out): void {
    if (this.#isClosed) return;
    if (this.#unprocessedBytes > MAX_UNREAD_BYTES) return this.#overflow();
    this.#waiting.push(message);
    if (this.#options.hub === "MultiprocessingLoggingQueue") return this.#flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    soon(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  [Symbol.dispose](): void {
    this.#flush();
    this.#isClosed = true;
    this.#retry?.[Symbol.dispose]();
    this.#stream?.end();
  }

  #overflow(): void {
    const { hub, onOverflow } = this.#options;
    if (!DROPPABLE.has(hub)) return onOverflow(hub);
    this.#dropped++;
  }

  #flush({ isGreeting = false } = {}): void {
    if (this.#waiting.length === 0) return;
    const frame = encodeFrame(++this.#number, this.#waiting);
    this.#waiting = [];
    this.#keep({ number: this.#number, frame, isGreeting });
    this.#stream?.write(frame);
  }

  #keep(entry: Unprocessed): void {
    this.#unprocessed.push(entry);
    this.#unprocessedBytes += entry.frame.length;
  }

  async #connect(): Promise<void> {
    this.#retry = undefined;
    const reader = new FrameReader();
    const stream = await connectLocal(this.#options.path, () => ({
      onData: (bytes) => {
        for (const [number, messages] of reader.read(bytes)) this.#take(number, messages);
      },
      onClose: () => this.#lose(),
    })).catch(() => undefined);
    if (!stream) return this.#lose(); // nobody listens there yet
    this.#resume(stream);
    if (this.#isClosed) stream.end();
  }

  /** First who we are, then what the hub's predecessor had not processed. */
  #resume(stream: LocalStream): void {
    this.#flush(); // not connected yet: only kept
    const left = this.#unprocessed.filter(({ isGreeting }) => !isGreeting);
    this.#unprocessed = [];
    this.#unprocessedBytes = 0;
    this.#stream = stream;
    if (!this.#isClosed) this.#options.onConnect();
    this.#flush({ isGreeting: true });
    for (const entry of left) {
      this.#keep(entry);
      stream.write(entry.frame);
    }
  }

  #lose(): void {
    this.#stream = undefined;
    if (!this.#isClosed) this.#retry = this.#options.clock.after(RETRY_MS, () => void this.#connect());
  }

  #take(number: number, messages: unknown[] | null): void {
    if (messages) {
      for (const message of messages) {
        if (!this.#isClosed) this.#options.receive(message as In); // the other end is this same program
      }
      return;
    }
    const done = this.#unprocessed.findIndex((entry) => entry.number === number);
    for (const { frame } of this.#unprocessed.splice(0, done + 1)) this.#unprocessedBytes -= frame.length;
    if (this.#dropped === 0) return;
    this.#options.onDropped(this.#options.hub, this.#dropped);
    this.#dropped = 0;
  }
}

/** How long a hub that ends still reads what roles that have gone wrote before. */
const DRAIN_LIMIT_MS = 1_000;

async function serveHub<H extends Hub>(
  hub: H,
  path: string,
  { clock, onDropped }: ProcessExchangeOptions,
  onLink: (link: Link<HubMessages[H]["out"]>) => LinkListener<HubMessages[H]["in"]>,
): Promise<AsyncDisposable> {
  let reads = 0;
  const server = await listenLocal(path, (stream) => {
    const reader = new FrameReader();
    const onFull = DROPPABLE.has(hub) ? (count: number) => onDropped(hub, count) : undefined;
    const confirmMs = hub === "MultiprocessingLoggingQueue" ? CONFIRM_LOG_MS : CONFIRM_MS;
    const link = new HubLink<HubMessages[H]["out"]>(stream, { clock, confirmMs, onDropped: onFull });
    const listener = onLink(link);
    return {
      onData(bytes) {
        reads++;
        for (const [number, messages] of reader.read(bytes)) {
          if (!messages) {
            link.confirmNow();
            continue;
          }
          for (const message of messages) listener.receive(message as HubMessages[H]["in"]);
          link.confirm(number);
        }
      },
      onClose() {
        link.forget();
        listener.closed();
      },
    };
  });
  return {
    async [Symbol.asyncDispose]() {
      const limit = clock.now() + DRAIN_LIMIT_MS;
      for (let quietTurns = 0; quietTurns < 3 && clock.now() < limit;) {
        const before = reads;
        await pause(clock, 1);
        quietTurns = reads === before ? quietTurns + 1 : 0;
      }
      await server[Symbol.asyncDispose]();
    },
  };
}

interface HubLinkOptions {
  readonly clock: Clock;
  /** How long it waits before it says what is processed. */
  readonly confirmMs: number;
  /** With it, messages are dropped at the bound, and counted; without, the link is ended there. */
  readonly onDropped: ((count: number) => void) | undefined;
}

/** A hub's end of a link: messages of one turn are one frame. */
class HubLink<Out> implements Link<Out> {
  readonly #stream: LocalStream;
  readonly #options: HubLinkOptions;
  #waiting: Out[] = [];
  #dropped = 0;
  #confirmed = 0;
  #confirmation: Disposable | undefined;
  #isScheduled = false;

  constructor(stream: LocalStream, options: HubLinkOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  send(message: Out): void {
    if (this.#stream.queuedBytes > MAX_UNREAD_BYTES) return this.#overflow();
    if (this.#dropped > 0) this.#options.onDropped?.(this.#dropped);
    this.#dropped = 0;
    this.#waiting.push(message);
    this.#schedule();
  }

  /** Everything up to this frame is processed. */
  confirm(number: number): void {
    this.#confirmed = number;
    const { clock, confirmMs } = this.#options;
    this.#confirmation ??= clock.after(confirmMs, () => this.confirmNow());
  }

  /** Says it now. */
  confirmNow(): void {
    this.forget();
    this.#stream.write(encodeFrame(this.#confirmed, null));
  }

  /** The other end has gone. */
  forget(): void {
    this.#confirmation?.[Symbol.dispose]();
    this.#confirmation = undefined;
  }

  [Symbol.dispose](): void {
    this.#stream.close();
  }

  #overflow(): void {
    if (this.#options.onDropped) this.#dropped++;
    else this.#stream.close();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    soon(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    if (this.#waiting.length > 0) this.#stream.write(encodeFrame(0, this.#waiting));
    this.#waiting = [];
  }
}
