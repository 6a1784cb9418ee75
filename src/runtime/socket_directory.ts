/**
 * The 0700 directory in which the processes of one master meet.
 *
 * @module
 */
import { chmodSync } from "node:fs";
import {
  join,
  listDirectory,
  makePrivateDirectory,
  makeTemporaryDirectory,
  removePath,
  systemTemporaryDirectory,
} from "./files.ts";
import { isAlive, processId } from "./process.ts";

/** A Unix socket's path has at most 107 bytes (unix(7)); the longest name of a socket must still fit. */
const MAX_PATH_BYTES = 90;

/**
 * Below `run`, or in the system's temporary directory when that path is too long; removed when it is disposed. It bears
 * the number of this process, so that no master ever removes another one's; what masters left that were killed, is.
 */
export function openSocketDirectory(run: string): Disposable & { readonly path: string } {
  const wanted = join(run, `roles.${processId()}`);
  const isShort = new TextEncoder().encode(wanted).length <= MAX_PATH_BYTES;
  for (const name of listDirectory(run)) {
    const [, pid] = /^roles\.(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) removePath(join(run, name));
  }
  if (isShort) {
    removePath(wanted); // of a process that had our number
    makePrivateDirectory(wanted);
    chmodSync(wanted, 0o700); // whatever the umask
  }
  const path = isShort ? wanted : makeTemporaryDirectory(systemTemporaryDirectory(), "brine-");
  return { path, [Symbol.dispose]: () => removePath(path) };
}
