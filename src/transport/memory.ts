/**
 * The in-memory twin of ZWS: the same sockets, the same frames and limits, over a network that is an object. Tests with
 * a thousand minions open no socket and wait for no time; paths are cut and healed by hand.
 *
 * What is sent arrives in a later microtask, in order. The only timers are those of the network's clock.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import type { ClientWebSocket, WebSocketClientOptions } from "../runtime/websocket_client.ts";
import { formatHostPort, type WebSocketServer, type WebSocketServerOptions } from "../runtime/websocket.ts";
import { MemoryConnection } from "./memory_connection.ts";
import type { Transport } from "./transport.ts";
import { SUBPROTOCOL } from "./zws/protocol.ts";
import { zwsSockets } from "./zws/sockets.ts";

interface Listener {
  readonly hostname: string;
  readonly options: WebSocketServerOptions;
}

/** Where addresses and connections are. One object is one network; nothing is shared between two of them. */
export class MemoryNetwork {
  readonly clock: Clock;
  /** For the jitter of reconnecting. */
  readonly random: () => number;
  readonly #listeners = new Map<string, Listener>();
  readonly #connections = new Set<MemoryConnection>();
  readonly #cuts = new Set<string>();
  /** Attempts on a path that is cut; they go on when it heals. */
  #waiting: (() => void)[] = [];
  #nextPort = 40_000;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: () => number }) {
    this.clock = clock;
    this.random = random;
  }

  /** Connections that at least one side believes in. */
  get connections(): number {
    return this.#connections.size;
  }

  /** From now on nothing gets to or from `address`, a host on either side; what is sent waits, as it does in TCP. */
  cut(address: string): void {
    this.#cuts.add(address);
  }

  /** What waited arrives, in order. */
  heal(address: string): void {
    this.#cuts.delete(address);
    for (const connection of this.#connections) connection.flush();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const attempt of waiting) attempt();
  }

  /** Ends every connection to or from `address`, as a reset does. */
  sever(address: string): void {
    for (const connection of this.#connections) if (connection.touches(address)) connection.reset();
  }

  /** For {@link memoryTransport}. */
  async listen(options: WebSocketServerOptions): Promise<WebSocketServer> {
    await Promise.resolve(); // as late as a real one
    const { hostname } = options;
    const port = options.port || this.#nextPort++;
    const key = formatHostPort(hostname, port);
    if (this.#listeners.has(key)) throw new Error(`Cannot listen on ${key}: address already in use`);
    const listener: Listener = { hostname, options };
    this.#listeners.set(key, listener);
    const own = () => [...this.#connections].filter((connection) => connection.options === options);
    const timer = this.clock.every(Math.max(1, options.idleTimeoutMs / 3), () => {
      for (const connection of own()) connection.checkIdle();
    });
    return {
      hostname,
      port,
      publish: ({ members }, message) => {
        for (const member of members) member.send(message);
      },
      [Symbol.asyncDispose]: () => {
        timer[Symbol.dispose]();
        this.#listeners.delete(key);
        for (const connection of own()) connection.closeServer("The server stops");
        return Promise.resolve();
      },
    };
  }

  /** For {@link memoryTransport}. */
  connect(address: string, options: WebSocketClientOptions): ClientWebSocket {
    const { hostname, port } = parseUrl(options.url);
    const connection = new MemoryConnection({
      clientAddress: address,
      serverAddress: hostname,
      client: options,
      now: () => this.clock.now(),
      isCut: () => this.#cuts.has(address) || this.#cuts.has(hostname),
      onGone: () => this.#connections.delete(connection),
    });
    const attempt = () => {
      if (connection.isClientGone) return;
      if (connection.isCut) return void this.#waiting.push(attempt);
      const listener = this.#listeners.get(formatHostPort(hostname, port)) ??
        this.#listeners.get(formatHostPort("0.0.0.0", port));
      if (!listener) return connection.fail("connection refused");
      if (listener.options.chooseProtocol(SUBPROTOCOL) !== SUBPROTOCOL) return connection.fail("no common subprotocol");
      const handler = listener.options.accept(address);
      if (typeof handler === "string") {
        listener.options.onRefused(address, handler);
        return connection.fail(`refused: ${handler}`);
      }
      this.#connections.add(connection);
      connection.open(listener.options, handler);
    };
    queueMicrotask(attempt);
    return connection.client;
  }
}

/** A transport on `network`, for one host; servers see its clients come from `address`. */
export function memoryTransport(network: MemoryNetwork, { address = "127.0.0.1" } = {}): Transport {
  return zwsSockets({
    clock: network.clock,
    random: network.random,
    listen: (options) => network.listen(options),
    connect: (options) => network.connect(address, options),
  });
}

function parseUrl(url: string): { hostname: string; port: number } {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== "ws:") throw new Error(`Cannot connect to ${url}: it is not a ws:// URL`);
  return { hostname: parsed.hostname.replace(/^\[|\]$/g, ""), port: Number(parsed.port || 80) };
}
