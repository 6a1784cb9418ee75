/**
 * Links between roles that are processes of their own: Unix sockets in a 0700 directory, one a hub.
 *
 *     frame    4 bytes length, then msgpack of [number, messages]
 *     answer   from the hub only: [number, null], "processed up to here"
 *
 * What a role sends in one turn of the event loop is one frame. The hub says which frames it has processed; those that
 * it has not are sent again when it is back after a crash, so a message to a hub is processed at least once. Messages
 * from a hub are sent once: a role that comes back asks for what it needs.
 *
 * At {@link MAX_UNREAD_BYTES} that a hub has not processed, events and log records are dropped and counted, because
 * the work matters more than the account of it; on other links the role gives up and is started again.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { join } from "../runtime/files.ts";
import { connectLocal, listenLocal, type LocalStream } from "../runtime/local_socket.ts";
import { soon } from "../runtime/soon.ts";
import { decodeTrusted, encode } from "../wire/codec.ts";
import type { Exchange, Hub, HubMessages, Link, LinkListener } from "./link.ts";

/** The bound of what may wait for a hub, or for a role that listens to one. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/** How often a hub that is not there is tried again. */
const RETRY_MS = 20;

const DROPPABLE: ReadonlySet<Hub> = new Set(["EventPublisher", "MultiprocessingLoggingQueue"]);

const LENGTH_BYTES = 4;

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
  /** Called when messages had to be dropped, with how many since the last call. */
  readonly onDropped: (hub: Hub, count: number) => void;
  /** A link that must not drop is full: this role cannot go on. */
  readonly onOverflow: (hub: Hub) => void;
}

/** This process's end of all links. */
export function processExchange(options: ProcessExchangeOptions): Exchange {
  const pathOf = (hub: Hub) => join(options.directory, SOCKET_NAMES[hub]);
  return {
    serve: (hub, onLink) => serveHub(pathOf(hub), onLink),
    connect: (hub, receive, onConnect) => new RoleLink(hub, pathOf(hub), options, receive, onConnect ?? (() => {})),
  };
}

function encodeFrame(number: number, messages: readonly unknown[] | null): Uint8Array {
  const payload = encode([number, messages]);
  const frame = new Uint8Array(LENGTH_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, LENGTH_BYTES);
  return frame;
}

/** Bytes in pieces, frames out. */
class FrameReader {
  #pieces: Uint8Array[] = [];
  #held = 0;
  #wanted = LENGTH_BYTES;

  *read(piece: Uint8Array): Generator<[number, unknown[] | null]> {
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held < this.#wanted) return;
    let rest = this.#pieces.length === 1 ? piece : joined(this.#pieces, this.#held);
    for (;;) {
      if (rest.length < LENGTH_BYTES) break;
      const sizeBytes = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
      this.#wanted = LENGTH_BYTES + sizeBytes;
      if (rest.length < this.#wanted) break;
      yield decodeTrusted(rest.subarray(LENGTH_BYTES, this.#wanted)) as [number, unknown[] | null];
      rest = rest.subarray(this.#wanted);
      this.#wanted = LENGTH_BYTES;
    }
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
  }
}

function joined(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** A role's end of its link to a hub: keeps what is not processed, and comes back when the hub does. */
class RoleLink<In, Out> implements Link<Out> {
  readonly #hub: Hub;
  readonly #path: string;
  readonly #options: ProcessExchangeOptions;
  readonly #receive: (message: In) => void;
  readonly #onConnect: () => void;
  #waiting: Out[] = [];
  #unprocessed: { number: number; frame: Uint8Array }[] = [];
  #unprocessedBytes = 0;
  #number = 0;
  #dropped = 0;
  #isScheduled = false;
  #isClosed = false;
  #stream: LocalStream | undefined;
  #retry: Disposable | undefined;

  constructor(
    hub: Hub,
    path: string,
    options: ProcessExchangeOptions,
    receive: (message: In) => void,
    onConnect: () => void,
  ) {
    this.#hub = hub;
    this.#path = path;
    this.#options = options;
    this.#receive = receive;
    this.#onConnect = onConnect;
    void this.#connect();
  }

  send(message: Out): void {
    if (this.#isClosed) return;
    if (this.#unprocessedBytes > MAX_UNREAD_BYTES) return this.#overflow();
    this.#waiting.push(message);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    soon(() => this.#flush());
  }

  [Symbol.dispose](): void {
    this.#flush();
    this.#isClosed = true;
    this.#retry?.[Symbol.dispose]();
    this.#stream?.end();
  }

  #overflow(): void {
    if (!DROPPABLE.has(this.#hub)) return this.#options.onOverflow(this.#hub);
    this.#dropped++;
  }

  #flush(): void {
    this.#isScheduled = false;
    if (this.#waiting.length === 0) return;
    const frame = encodeFrame(++this.#number, this.#waiting);
    this.#waiting = [];
    this.#unprocessed.push({ number: this.#number, frame });
    this.#unprocessedBytes += frame.length;
    this.#stream?.write(frame);
  }

  async #connect(): Promise<void> {
    this.#retry = undefined;
    const reader = new FrameReader();
    try {
      const stream = await connectLocal(this.#path, () => ({
        onData: (bytes) => {
          for (const [number, messages] of reader.read(bytes)) this.#take(number, messages);
        },
        onClose: () => this.#lose(),
      }));
      if (this.#isClosed) return stream.end();
      this.#resume(stream);
    } catch {
      this.#lose(); // nobody listens there yet
    }
  }

  /** First who we are, then what the hub's predecessor had not processed. */
  #resume(stream: LocalStream): void {
    const left = this.#unprocessed;
    this.#flush();
    this.#unprocessed = [];
    this.#unprocessedBytes = 0;
    this.#stream = stream;
    this.#onConnect();
    this.#flush();
    for (const entry of left) {
      this.#unprocessed.push(entry);
      this.#unprocessedBytes += entry.frame.length;
      stream.write(entry.frame);
    }
  }

  #lose(): void {
    this.#stream = undefined;
    if (!this.#isClosed) this.#retry = this.#options.clock.after(RETRY_MS, () => void this.#connect());
  }

  #take(number: number, messages: unknown[] | null): void {
    if (messages) {
      for (const message of messages) this.#receive(message as In); // the other end is this same program
      return;
    }
    const done = this.#unprocessed.findIndex((entry) => entry.number === number);
    for (const { frame } of this.#unprocessed.splice(0, done + 1)) this.#unprocessedBytes -= frame.length;
    if (this.#dropped === 0) return;
    this.#options.onDropped(this.#hub, this.#dropped);
    this.#dropped = 0;
  }
}

async function serveHub<H extends Hub>(
  path: string,
  onLink: (link: Link<HubMessages[H]["out"]>) => LinkListener<HubMessages[H]["in"]>,
): Promise<AsyncDisposable> {
  return await listenLocal(path, (stream) => {
    const reader = new FrameReader();
    const link = new HubLink<HubMessages[H]["out"]>(stream);
    const listener = onLink(link);
    return {
      onData(bytes) {
        for (const [number, messages] of reader.read(bytes)) {
          for (const message of messages ?? []) listener.receive(message as HubMessages[H]["in"]);
          link.confirm(number);
        }
      },
      onClose: () => listener.closed(),
    };
  });
}

/** A hub's end of a link: messages of one turn are one frame; beyond the bound they are dropped. */
class HubLink<Out> implements Link<Out> {
  readonly #stream: LocalStream;
  #waiting: Out[] = [];
  #confirmed: number | undefined;
  #isScheduled = false;

  constructor(stream: LocalStream) {
    this.#stream = stream;
  }

  send(message: Out): void {
    if (this.#stream.queuedBytes > MAX_UNREAD_BYTES) return;
    this.#waiting.push(message);
    this.#schedule();
  }

  confirm(number: number): void {
    this.#confirmed = number;
    this.#schedule();
  }

  [Symbol.dispose](): void {
    this.#stream.close();
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
    if (this.#confirmed !== undefined) this.#stream.write(encodeFrame(this.#confirmed, null));
    this.#confirmed = undefined;
  }
}
