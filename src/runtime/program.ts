/**
 * Where a program is: the search along PATH that `execvp` would make, done here so that both runtimes give the same
 * clear error, and so that `cmd.which` and the real start of a program never disagree.
 *
 * @module
 */
import { stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import process from "node:process";

/** What a program sees that was started with a clean environment, and where we look then. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What was found under a program's name. */
export type ProgramSearch =
  | { readonly found: true; readonly path: string }
  | { readonly found: false; readonly why: "missing" | "not executable" };

/** Looks for `name` along `path`; a name with a slash is taken relative to `cwd`, as a shell does. */
export async function searchProgram(
  name: string,
  { path, cwd }: { readonly path: string; readonly cwd: string },
): Promise<ProgramSearch> {
  const candidates = name.includes("/")
    ? [resolve(cwd, name)]
    : path.split(":").map((folder) => join(isAbsolute(folder) ? folder : resolve(cwd, folder), name));
  let why: "missing" | "not executable" = "missing";
  if (name === "" || name.includes("\0")) return { found: false, why };
  for (const candidate of candidates) {
    const found = await stat(candidate).catch(() => undefined); // not there, or not ours to see: the next may have it
    if (!found?.isFile()) continue;
    // Not access(X_OK): Deno answers it from the mode bits and takes root for an ordinary user. Whether the file is
    // executable for us in particular is the kernel's word when it is run.
    if ((found.mode & 0o111) !== 0) return { found: true, path: candidate };
    why = "not executable";
  }
  return { found: false, why };
}

/** Path of the program that `name` would start here, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const found = await searchProgram(name, { path: process.env["PATH"] ?? DEFAULT_PATH, cwd: process.cwd() });
  return found.found ? found.path : undefined;
}
