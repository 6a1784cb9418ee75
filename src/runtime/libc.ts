/**
 * The system calls that Bun lacks for running programs: real pipes, a file that lives in memory, and becoming another
 * program.
 *
 * Bun gives its children sockets for stdin, stdout and stderr, and the kernel refuses to open a socket by name: in a
 * child of Bun `echo oops >/dev/stderr` fails with "No such device or address", and so does every script that uses
 * /dev/stdin. Operators' scripts do. Deno gives real pipes and needs none of this.
 *
 * @module
 */
import process from "node:process";

/** Both ends of a pipe, as file descriptors that no child inherits by accident. */
export interface PipeEnds {
  readonly readFd: number;
  readonly writeFd: number;
}

/** What we call in the C library. */
export interface Libc {
  /** A new pipe, or undefined where the system has no more descriptors. */
  openPipe(): PipeEnds | undefined;
  /** A new empty file in memory, or undefined where the kernel has no such thing. */
  openMemoryFile(): number | undefined;
  /** execve(2): returns only when it could not be done. */
  becomeProgram(path: string, argv: readonly string[], env: Readonly<Record<string, string | undefined>>): void;
}

interface BunFfi {
  dlopen(library: string, symbols: Record<string, { args: string[]; returns: string }>): {
    symbols: {
      pipe2(ends: unknown, flags: number): number;
      memfd_create(name: unknown, flags: number): number;
      execve(path: unknown, argv: unknown, env: unknown): number;
    };
  };
  ptr(view: ArrayBufferView): number;
}

const O_CLOEXEC = 0o2000000; // the same on x86-64 and arm64 Linux
const MFD_CLOEXEC = 1;

/** The C library when running on Bun on Linux; undefined elsewhere, where callers take the runtime's own pipes. */
export function loadLibc(): Promise<Libc | undefined> {
  return loaded ??= load();
}

// Kept because opening a library compiles its stubs; it holds no state that could differ between callers.
let loaded: Promise<Libc | undefined> | undefined;

async function load(): Promise<Libc | undefined> {
  if (!("Bun" in globalThis) || process.platform !== "linux") return undefined;
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  for (const library of ["libc.so.6", `libc.musl-${arch}.so.1`]) {
    try {
      const { dlopen, ptr } = await import("bun:ffi" as string) as BunFfi;
      const { symbols } = dlopen(library, {
        pipe2: { args: ["ptr", "i32"], returns: "i32" },
        memfd_create: { args: ["ptr", "u32"], returns: "i32" },
        execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
      });
      const name = new TextEncoder().encode("brine-stdin\0");
      return {
        openPipe() {
          const ends = new Int32Array(2);
          if (symbols.pipe2(ptr(ends), O_CLOEXEC) !== 0) return undefined;
          const [readFd, writeFd] = ends;
          return readFd === undefined || writeFd === undefined ? undefined : { readFd, writeFd };
        },
        openMemoryFile() {
          const fd = symbols.memfd_create(ptr(name), MFD_CLOEXEC);
          return fd < 0 ? undefined : fd;
        },
        becomeProgram(path, argv, env) {
          const pairs = Object.entries(env).filter(([, value]) => value !== undefined).map(([key, value]) =>
            `${key}=${value}`
          );
          const lists = [[path], argv, pairs].map((list) => list.map((text) => new TextEncoder().encode(`${text}\0`)));
          const [[file] = [], ...tables] = lists; // the bytes must stay where they are until the call
          const pointers = tables.map((list) => new BigUint64Array([...list.map((text) => BigInt(ptr(text))), 0n]));
          const [argvTable, envTable] = pointers;
          if (file && argvTable && envTable) symbols.execve(ptr(file), ptr(argvTable), ptr(envTable));
        },
      };
    } catch {
      continue; // another C library, or none that can be opened (static build): sockets it is
    }
  }
  return undefined;
}
