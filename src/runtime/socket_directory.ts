/**
 * The 0700 directory in which the processes of one master meet.
 *
 * @module
 */
import { join, makePrivateDirectory, makeTemporaryDirectory, removePath, systemTemporaryDirectory } from "./files.ts";

/** A Unix socket's path has at most 107 bytes (unix(7)); the longest name of a socket must still fit. */
const MAX_PATH_BYTES = 90;

/** Below `run`, or in the system's temporary directory when that path is too long; removed when it is disposed. */
export function openSocketDirectory(run: string): Disposable & { readonly path: string } {
  const wanted = join(run, "roles");
  const isShort = new TextEncoder().encode(wanted).length <= MAX_PATH_BYTES;
  if (isShort) makePrivateDirectory(wanted);
  const path = isShort ? wanted : makeTemporaryDirectory(systemTemporaryDirectory(), "brine-");
  return { path, [Symbol.dispose]: () => removePath(path) };
}
