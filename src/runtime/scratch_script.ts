/**
 * A script on disk for as long as it runs, where nobody else can put one in its place (T18).
 *
 * The directory is fresh, has a name that nobody could foresee and belongs to us, so that removing it again cannot be
 * led astray by links; the file is made with O_EXCL.
 *
 * @module
 */
import { chmodSync, chownSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeTemporaryDirectory, removePath, systemTemporaryDirectory } from "./files.ts";
import { findUser, isOurselves } from "./users.ts";

/** A script that can be run; disposing it removes it. */
export interface ScratchScript extends Disposable {
  readonly path: string;
}

/** Writes `content` into a 0700 directory under `parent`; with `runas`, so that this user (and no other) can run it. */
export async function writeScratchScript(
  content: Uint8Array,
  { parent, runas }: { readonly parent: string; readonly runas?: string | undefined },
): Promise<ScratchScript> {
  const user = runas === undefined ? undefined : await findUser(runas);
  const other = user && !isOurselves(user) ? user : undefined;
  // Another user must be able to walk down to the script, which our own private directories do not allow.
  const above = other && !isOpenToOthers(parent) ? systemTemporaryDirectory() : parent;
  const directory = makeTemporaryDirectory(above, "script-");
  try {
    const path = join(directory, "script");
    // Synchronously: were another program started while the file is open for writing, that program would hold it
    // open too for a moment, and running the script would fail with "text file busy".
    writeFileSync(path, content, { mode: 0o700, flag: "wx" });
    if (other) {
      chownSync(path, other.uid, other.gid);
      chownSync(directory, statSync(directory).uid, other.gid); // Deno knows no -1 for "as it is"
      chmodSync(directory, 0o710); // may be walked through by the user's group; still ours, and not listed
    }
    return { path, [Symbol.dispose]: () => removePath(directory) };
  } catch (cause) {
    removePath(directory);
    throw new Error(`Cannot write the script: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function isOpenToOthers(directory: string): boolean {
  for (let path = directory;; path = dirname(path)) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && (found.mode & 0o001) === 0) return false;
    if (!found) return false; // yet to be made, and then private
    if (dirname(path) === path) return true;
  }
}
