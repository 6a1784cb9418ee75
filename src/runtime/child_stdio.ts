/**
 * What a child has for stdin, stdout and stderr, hiding that the runtimes differ (see `libc.ts` for why they must).
 *
 * Reading is always one call back per chunk plus a promise that ends; closing early is always possible, because a
 * daemon that a command leaves behind may hold the other end for months.
 *
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { closeSync, fchownSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";
import { type Libc, loadLibc, type PipeEnds } from "./libc.ts";

/** Where the bytes come from. */
export type OutputName = "stdout" | "stderr";

/** Called with every chunk, in order. */
export type OutputListener = (name: OutputName, bytes: Uint8Array) => void;

/** One output that is being read. */
export interface OutputReader {
  /** Resolves at the end of the stream, or when closed; never rejects. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** The stdio of one child, from before its start until all is closed. */
export interface ChildStdio {
  /** For `spawn`'s option `stdio`. */
  readonly slots: ["ignore" | "pipe" | number, "pipe" | number, "pipe" | number];
  /** Whether stdout and stderr are one pipe; if not, the caller must merge them itself when asked to. */
  readonly isMerged: boolean;
  /** To be called right after the start: gives the child its input and begins to read. */
  attach(child: ChildProcess, listener: OutputListener): readonly OutputReader[];
  /** To be called when the start failed: closes everything. */
  discard(): void;
}

/** How the stdio shall be. */
export interface StdioOptions {
  readonly stdin: Uint8Array | undefined;
  /** stderr into the same pipe as stdout, so that the order of what was written is kept. */
  readonly merge: boolean;
  /** Who shall be able to open `/dev/stdout` by name, when it is not us. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

/** Opens what a child needs. Every result is either attached or discarded. */
export async function openStdio(options: StdioOptions): Promise<ChildStdio> {
  const libc = await loadLibc();
  return (libc && openDescriptors(libc, options)) ?? streamStdio(options);
}

/** Bun: descriptors of our own. */
function openDescriptors(libc: Libc, { stdin, merge, owner }: StdioOptions): ChildStdio | undefined {
  const out = libc.openPipe();
  const err = merge ? undefined : libc.openPipe();
  const input = stdin && libc.openMemoryFile();
  const pipes: [OutputName, PipeEnds][] = [];
  if (out) pipes.push(["stdout", out]);
  if (err) pipes.push(["stderr", err]);
  const childEnds = pipes.map(([, ends]) => ends.writeFd);
  if (input !== undefined) childEnds.push(input);
  const closeChildEnds = () => childEnds.forEach((fd) => closeSync(fd));
  const closeAll = () => {
    closeChildEnds();
    for (const [, ends] of pipes) closeSync(ends.readFd);
  };
  if (!out || (!merge && !err) || (stdin && input === undefined)) {
    closeAll();
    return undefined;
  }
  try {
    if (stdin && input !== undefined) writeWhole(input, stdin);
    if (owner) { for (const fd of childEnds) fchownSync(fd, owner.uid, owner.gid); }
  } catch (cause) {
    closeAll();
    throw cause;
  }
  return {
    slots: [input ?? "ignore", out.writeFd, err?.writeFd ?? out.writeFd],
    isMerged: merge,
    attach(_child, listener) {
      closeChildEnds();
      return pipes.map(([name, ends]) => readDescriptor(ends.readFd, (bytes) => listener(name, bytes)));
    },
    discard: closeAll,
  };
}

/** Writes at explicit positions, so that the file's own position stays at the start, where the child begins. */
function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) {
    offset += writeSync(fd, bytes, offset, bytes.length - offset, offset);
  }
}

interface BunFiles {
  readonly Bun: { file(fd: number): { stream(): ReadableStream<Uint8Array> } };
}

function readDescriptor(fd: number, listener: (bytes: Uint8Array) => void): OutputReader {
  const { Bun } = globalThis as unknown as BunFiles;
  const reader = Bun.file(fd).stream().getReader();
  const read = async () => {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        listener(value);
      }
    } catch {
      return; // a pipe that cannot be read any more has ended
    } finally {
      closeSync(fd);
    }
  };
  return { ended: read(), close: () => reader.cancel().catch(() => {}) };
}

/** Deno, and Bun where its descriptors cannot be had: the runtime's own streams. */
function streamStdio({ stdin }: StdioOptions): ChildStdio {
  return {
    slots: [stdin ? "pipe" : "ignore", "pipe", "pipe"],
    isMerged: false,
    attach(child, listener) {
      if (stdin && child.stdin) {
        child.stdin.on("error", () => {}); // EPIPE: a program need not read its input
        child.stdin.end(stdin);
      }
      const readers: OutputReader[] = [];
      if (child.stdout) readers.push(readStream(child.stdout, (bytes) => listener("stdout", bytes)));
      if (child.stderr) readers.push(readStream(child.stderr, (bytes) => listener("stderr", bytes)));
      return readers;
    },
    discard() {},
  };
}

function readStream(stream: Readable, listener: (bytes: Uint8Array) => void): OutputReader {
  const ended = new Promise<void>((resolve) => {
    stream.on("data", listener);
    stream.on("error", () => {}); // "close" follows
    stream.once("close", () => resolve());
  });
  return {
    ended,
    close() {
      stream.destroy();
      return Promise.resolve();
    },
  };
}
