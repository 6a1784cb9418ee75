/**
 * Byte streams between processes of one machine: Unix sockets, in a directory that only their owner may enter.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import { chmodSync, rmSync } from "node:fs";

/** One end of a stream. */
export interface LocalStream {
  /** Queues bytes; they are kept until they are written. */
  write(bytes: Uint8Array): void;
  /** Bytes that wait for the other end to read. */
  readonly queuedBytes: number;
  /** Ends the stream when all that was written has left; `onClose` follows. */
  end(): void;
  /** Ends the stream at once; `onClose` follows. */
  close(): void;
}

/** What the owner of a stream hears. */
export interface LocalStreamListener {
  onData(bytes: Uint8Array): void;
  /** Once, when the other end has gone or `close` was called. */
  onClose(): void;
}

/** A listening socket. */
export interface LocalServer extends AsyncDisposable {
  readonly path: string;
}

/** Listens at `path`, which must be free or left over from a process that has gone. */
export async function listenLocal(
  path: string,
  onStream: (stream: LocalStream) => LocalStreamListener,
): Promise<LocalServer> {
  rmSync(path, { force: true }); // a predecessor that was killed could not clean up
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    attach(socket, onStream(streamOf(socket)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve());
  });
  chmodSync(path, 0o600);
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(path, { force: true });
    },
  };
}

/** Connects to `path`; rejects when nobody listens there. */
export async function connectLocal(
  path: string,
  onStream: (stream: LocalStream) => LocalStreamListener,
): Promise<LocalStream> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve());
    socket.once("error", reject);
  });
  socket.removeAllListeners("error");
  const stream = streamOf(socket);
  attach(socket, onStream(stream));
  return stream;
}

function streamOf(socket: Socket): LocalStream {
  return {
    write: (bytes) => void socket.write(bytes),
    get queuedBytes() {
      return socket.writableLength;
    },
    end: () => void socket.end(),
    close: () => void socket.destroy(),
  };
}

function attach(socket: Socket, listener: LocalStreamListener): void {
  socket.on("data", (bytes: Uint8Array) => listener.onData(bytes));
  socket.on("error", () => {}); // "close" follows and says all that matters
  socket.on("close", () => listener.onClose());
}
