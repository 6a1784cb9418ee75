/**
 * Files that only their owner may read, written so that a crash leaves the old one or the new one, never half.
 *
 * @module
 */
import * as fs from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

export { basename, dirname, join, resolve } from "node:path";

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

/** Makes `path` and what is missing above it; every directory that is made is 0700. */
export function makePrivateDirectory(path: string): void {
  fs.mkdirSync(path, { recursive: true, mode: PRIVATE_DIRECTORY });
}

/**
 * Writes a 0600 file whole: a new name first, then a rename over the old one. With `isFlushed` (the default) it also
 * outlives a power failure; without, the death of any process, and is ten times as fast.
 */
export function writePrivateFile(
  path: string,
  content: Uint8Array | string,
  { isFlushed = true }: { isFlushed?: boolean } = {},
): void {
  makePrivateDirectory(dirname(path));
  const fresh = `${path}.${Math.random().toString(36).slice(2)}.new`;
  try {
    fs.writeFileSync(fresh, content, { mode: PRIVATE_FILE, flag: "wx", flush: isFlushed });
    fs.renameSync(fresh, path);
    if (isFlushed) flushDirectory(dirname(path));
  } catch (cause) {
    fs.rmSync(fresh, { force: true });
    throw cause;
  }
}

/** A name is kept by its directory, so that has to reach the disk too. */
function flushDirectory(path: string): void {
  const descriptor = fs.openSync(path, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The file's bytes, or undefined when there is none. */
export function readFileIfThere(path: string): Uint8Array | undefined {
  try {
    const bytes = fs.readFileSync(path);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length); // no Buffer: its slice() is no copy
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw cause;
  }
}

/** Up to `maxBytes` of a file from `offset` on, or undefined when there is no such file. */
export function readFilePart(path: string, offset: number, maxBytes: number): Uint8Array | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, "r");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw cause;
  }
  try {
    const part = new Uint8Array(maxBytes);
    return part.subarray(0, fs.readSync(descriptor, part, 0, maxBytes, offset));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The file's text, or undefined when there is none. */
export function readTextIfThere(path: string): string | undefined {
  const bytes = readFileIfThere(path);
  return bytes && new TextDecoder().decode(bytes);
}

/** Names in a directory, sorted; none when it does not exist. */
export function listDirectory(path: string): string[] {
  try {
    return fs.readdirSync(path).sort();
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return [];
    throw cause;
  }
}

/** Removes a file or a tree; nothing happens when it is not there. */
export function removePath(path: string): void {
  fs.rmSync(path, { recursive: true, force: true });
}

/** A new empty 0700 directory under `parent`, with a name that nobody could foresee. */
export function makeTemporaryDirectory(parent: string, prefix: string): string {
  makePrivateDirectory(parent);
  return fs.mkdtempSync(join(parent, prefix));
}

/** The system's directory for temporary files. */
export { tmpdir as systemTemporaryDirectory } from "node:os";

/** The permission bits of a path. */
export function modeOf(path: string): number {
  return fs.statSync(path).mode & 0o777;
}

/** The operating system's name for what went wrong: `ENOENT`, `EACCES`, `ENOSPC` … */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

/**
 * The absolute path of `name` under `root`; throws when it would lie elsewhere, by `..`, by an absolute name, by a
 * NUL, or through a symbolic link that is already there (T6).
 */
export function beneath(root: string, name: string): string {
  const refuse = (why: string): never => {
    throw new Error(`Cannot use path ${JSON.stringify(name)} under ${root}: ${why}`);
  };
  if (name === "" || name.includes("\0")) refuse("it is no file name");
  if (isAbsolute(name)) refuse("it is absolute");
  const path = resolve(root, name);
  const inside = relative(root, path);
  if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`)) refuse("it leads outside");
  let walked = resolve(root);
  for (const part of inside.split(sep)) {
    walked = join(walked, part);
    if (fs.lstatSync(walked, { throwIfNoEntry: false })?.isSymbolicLink()) refuse("a symbolic link stands in the way");
  }
  return path;
}

/** A file that grows line by line; each line is with the kernel when `append` returns, so a `kill -9` loses none. */
export class AppendFile implements Disposable {
  readonly #descriptor: number;

  constructor(path: string) {
    makePrivateDirectory(dirname(path));
    this.#descriptor = fs.openSync(path, "a", PRIVATE_FILE);
  }

  append(text: string): void {
    fs.writeSync(this.#descriptor, text);
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#descriptor);
  }
}

/** Makes an empty 0600 file unless there is a file already; one that is open to others is closed to them. */
export function setPrivateFile(path: string): void {
  const descriptor = fs.openSync(path, "a", PRIVATE_FILE);
  try {
    if ((fs.fstatSync(descriptor).mode & 0o077) !== 0) fs.fchmodSync(descriptor, PRIVATE_FILE);
  } finally {
    fs.closeSync(descriptor);
  }
}
