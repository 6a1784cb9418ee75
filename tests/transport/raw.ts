/**
 * WebSockets by hand, on plain TCP: what tests need that a proper implementation would never send, and what it never
 * shows. `RawClient` speaks to our servers, `RawServer` is spoken to by our clients.
 *
 * @module
 */
import { createHash } from "node:crypto";
import net from "node:net";
import { until } from "../kit/until.ts";

export interface RawFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Uint8Array;
}

export const BINARY = 2;
export const TEXT = 1;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

const MASK = [0x11, 0x22, 0x33, 0x44];

/** One WebSocket frame. */
export function rawFrame(opcode: number, payload: ArrayLike<number>, { mask = true, fin = true } = {}): Uint8Array {
  const size = payload.length;
  const head = [opcode | (fin ? 0x80 : 0)];
  const bit = mask ? 0x80 : 0;
  if (size < 126) head.push(bit | size);
  else if (size < 65536) head.push(bit | 126, size >> 8, size & 255);
  else head.push(bit | 127, 0, 0, 0, 0, (size >>> 24) & 255, (size >> 16) & 255, (size >> 8) & 255, size & 255);
  if (mask) head.push(...MASK);
  const frame = new Uint8Array(head.length + size);
  frame.set(head);
  for (let at = 0; at < size; at++) frame[head.length + at] = (payload[at] ?? 0) ^ (mask ? MASK[at & 3] ?? 0 : 0);
  return frame;
}

/** Reads frames off a byte stream. */
class FrameReader {
  #buffer = Buffer.alloc(0);
  readonly frames: RawFrame[] = [];

  push(chunk: Uint8Array): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#next());
  }

  #next(): boolean {
    const b = this.#buffer;
    if (b.length < 2) return false;
    const first = b.readUInt8(0);
    const second = b.readUInt8(1);
    let size = second & 127;
    let at = 2;
    if (size === 126) {
      if (b.length < 4) return false;
      size = b.readUInt16BE(2);
      at = 4;
    } else if (size === 127) {
      if (b.length < 10) return false;
      size = Number(b.readBigUInt64BE(2));
      at = 10;
    }
    const masked = (second & 128) !== 0;
    const mask = masked ? b.subarray(at, at + 4) : undefined;
    if (masked) at += 4;
    if (b.length < at + size) return false;
    const payload = new Uint8Array(b.subarray(at, at + size));
    if (mask) { for (let i = 0; i < size; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0); }
    this.frames.push({ fin: (first & 128) !== 0, rsv: (first >> 4) & 7, opcode: first & 15, masked, payload });
    this.#buffer = b.subarray(at + size);
    return true;
  }
}

/** One end of a TCP connection that began with an HTTP head. */
export class RawSocket implements AsyncDisposable {
  readonly #reader = new FrameReader();
  head = "";
  hasEnded = false;
  #isGone = false;

  constructor(readonly tcp: net.Socket) {
    let raw = Buffer.alloc(0);
    tcp.on("data", (chunk: Buffer) => {
      if (this.head) return this.#reader.push(chunk);
      raw = Buffer.concat([raw, chunk]);
      const end = raw.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.head = raw.subarray(0, end).toString("latin1");
      this.#reader.push(raw.subarray(end + 4));
    });
    tcp.on("end", () => this.hasEnded = true);
    tcp.on("error", () => this.hasEnded = true);
    tcp.on("close", () => this.hasEnded = this.#isGone = true);
  }

  /** Frames that came, pings and pongs included. */
  get frames(): RawFrame[] {
    return this.#reader.frames;
  }

  /** Bodies of the binary messages, flag byte included. */
  get binary(): Uint8Array[] {
    return this.frames.filter(({ opcode }) => opcode === BINARY).map(({ payload }) => payload);
  }

  /** The connection was ended by the other side, by a close frame or without. */
  get isClosed(): boolean {
    return this.hasEnded || this.frames.some(({ opcode }) => opcode === CLOSE);
  }

  write(data: Uint8Array | string): void {
    if (!this.tcp.destroyed) this.tcp.write(data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tcp.destroy();
    await until("the TCP connection gone", () => this.#isGone);
  }
}

/** A client of our servers. */
export class RawClient extends RawSocket {
  /** Sends the handshake; `headers` replace the usual ones, undefined leaves one out. */
  static async connect(port: number, headers: Record<string, string | undefined> = {}): Promise<RawClient> {
    const tcp = net.connect({ port, host: "127.0.0.1" });
    const client = new RawClient(tcp);
    const all: Record<string, string | undefined> = {
      "Host": `127.0.0.1:${port}`,
      "Upgrade": "websocket",
      "Connection": "Upgrade",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Protocol": "ZWS2.0",
      ...headers,
    };
    const lines = Object.entries(all).filter(([, value]) => value !== undefined).map(([name, v]) =>
      `${name}: ${v}\r\n`
    );
    client.write(`GET / HTTP/1.1\r\n${lines.join("")}\r\n`);
    await until("the answer to the handshake", () => client.head || client.hasEnded);
    return client;
  }

  /** Connects and says its routing id, as a ZWS peer does. */
  static async greet(port: number): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.binaryMessage([0]);
    return client;
  }

  binaryMessage(payload: ArrayLike<number>): void {
    this.write(rawFrame(BINARY, payload));
  }

  get status(): number {
    return Number(this.head.split(" ")[1]);
  }

  header(name: string): string | undefined {
    const line = this.head.split("\r\n").find((text) => text.toLowerCase().startsWith(`${name.toLowerCase()}:`));
    return line?.slice(name.length + 1).trim();
  }
}

/** A server for our clients. */
export class RawServer implements AsyncDisposable {
  readonly sockets: RawSocket[] = [];
  readonly #tcp: net.Server;

  private constructor(tcp: net.Server) {
    this.#tcp = tcp;
  }

  /** `answer` may change the answer to the handshake; undefined says nothing at all. */
  static async open(answer: (usual: string) => string | undefined = (usual) => usual): Promise<RawServer> {
    const tcp = net.createServer();
    const server = new RawServer(tcp);
    tcp.on("connection", (socket) => void server.#serve(new RawSocket(socket), answer).catch(() => {}));
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    const address = this.#tcp.address();
    return `ws://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  async #serve(socket: RawSocket, answer: (usual: string) => string | undefined): Promise<void> {
    this.sockets.push(socket);
    await until("a handshake", () => socket.head || socket.hasEnded);
    const key = /sec-websocket-key: (\S+)/i.exec(socket.head)?.[1] ?? "";
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const text = answer(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ZWS2.0\r\n\r\n`,
    );
    if (text !== undefined) socket.write(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) await socket[Symbol.asyncDispose]();
    await new Promise((resolve) => this.#tcp.close(resolve));
  }
}
