/**
 * `jszmq`, the peer of the interop tests, with the few types that are used and with its bugs put where they do no harm.
 *
 * What is worked around: `bind` listens on every interface (J3), a refused connection throws (J6), `close` leaves
 * connections open (J11). It needs `ws`, whose server does not work everywhere.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import http from "node:http";
import { createRequire } from "node:module";
import type net from "node:net";

export interface JsSocket {
  connect(address: string): void;
  bindSync(address: string, server: http.Server): void;
  subscribe(topic: string | Buffer): void;
  unsubscribe(topic: string | Buffer): void;
  send(message: unknown): void;
  close(): void;
  on(event: "message", listener: (...frames: (Buffer | { readonly address: string })[]) => void): void;
  options: { routingId: Buffer };
}

const load = createRequire(import.meta.url);

/** The package itself. */
export const jszmq = load("jszmq") as Record<"Pub" | "Sub" | "Router" | "Dealer", new () => JsSocket>;

/** Frames as its `send` wants them: Buffers, nothing else (J13). */
export const buffers = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

/** A jszmq socket that listens on loopback only, and whose connections end with it. */
export class JsServer implements AsyncDisposable {
  readonly #http = http.createServer();
  readonly #connections = new Set<net.Socket>();

  private constructor(readonly socket: JsSocket) {}

  static async open(socket: JsSocket): Promise<JsServer> {
    const server = new JsServer(socket);
    server.#http.on("connection", (connection: net.Socket) => {
      server.#connections.add(connection);
      connection.on("close", () => server.#connections.delete(connection));
    });
    await new Promise<void>((resolve) => server.#http.listen(0, "127.0.0.1", resolve));
    socket.bindSync(`${server.url}/`, server.#http);
    return server;
  }

  get url(): string {
    const address = this.#http.address();
    return `ws://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

/** A jszmq socket that connects. */
export class JsClient implements Disposable {
  constructor(readonly socket: JsSocket, url: string) {
    socket.connect(url);
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}
