/**
 * What goes wrong when a master or minion starts, in words for the person who started it.
 *
 * @module
 */
import type { Paths } from "../config/paths.ts";
import { reasonOf, UsageError } from "../core/errors.ts";
import { fileFailureOf } from "../runtime/file_errors.ts";

/** Runs `work`; errors of the file system become one sentence that says what to do. */
export async function withClearErrors(
  what: "master" | "minion",
  paths: Paths,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const failure = fileFailureOf(cause);
    if (failure) {
      const place = failure.path ?? `${paths.etc}, ${paths.lib} or ${paths.run}`;
      const advice = "start it as a user who may write there, or give --root DIR";
      throw new Error(`Cannot start ${what}: cannot write ${place}: ${failure.why}; ${advice}`, { cause });
    }
    if (/unable to open database|readonly database|not a database/i.test(reasonOf(cause))) {
      throw new Error(`Cannot start ${what}: cannot write ${paths.database}: ${reasonOf(cause)}`, { cause });
    }
    throw cause instanceof UsageError ? cause : new Error(withSubject(what, reasonOf(cause)), { cause });
  }
}

/** "Cannot …" is a sentence already; anything else needs to be told what it is about. */
function withSubject(what: string, reason: string): string {
  return reason.startsWith("Cannot ") ? reason : `Cannot start ${what}: ${reason}`;
}
