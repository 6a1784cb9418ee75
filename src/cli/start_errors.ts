/**
 * What goes wrong when a master or minion starts, in words for the person who started it.
 *
 * @module
 */
import type { Paths } from "../config/paths.ts";
import { reasonOf } from "../core/errors.ts";
import { codeOf } from "../runtime/files.ts";

const WHY: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EROFS", "the file system is read-only"],
  ["ENOSPC", "the disk is full"],
  ["ENOTDIR", "a file stands where a directory should be"],
]);

/** Runs `work`; errors of the file system become one sentence that says what to do. */
export async function withClearErrors(
  what: "master" | "minion",
  paths: Paths,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const why = WHY.get(codeOf(cause) ?? "");
    const path = cause instanceof Error && "path" in cause ? String(cause.path) : undefined;
    if (why !== undefined) {
      const place = path ?? `${paths.etc}, ${paths.lib} or ${paths.run}`;
      const advice = "start it as a user who may write there, or give --root DIR";
      throw new Error(`Cannot start ${what}: cannot write ${place}: ${why}; ${advice}`, { cause });
    }
    if (/unable to open database|readonly database/i.test(reasonOf(cause))) {
      throw new Error(`Cannot start ${what}: cannot write ${paths.database}: ${reasonOf(cause)}`, { cause });
    }
    throw cause;
  }
}
