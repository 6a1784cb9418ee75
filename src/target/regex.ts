/**
 * Regular expressions in linear time. RE2 is loaded when a target needs it: most never do, and a minion stays small.
 *
 * As in Salt (`re.match`) an expression is tied to the start of the text and not to its end: `web` fits web01, and
 * `web$` does not. RE2 has no look-around and no back-references.
 *
 * @module
 */
import { MAX_REGEX_STEPS } from "./limits.ts";
import type { Fail } from "./target_error.ts";

/** A compiled expression: whether the text begins with a match. */
export type Regex = (text: string) => boolean;

/** Compiles the expressions of one target, which share one budget of program steps. */
export interface RegexCompiler {
  compile(pattern: string, options: { readonly fail: Fail; readonly ignoreCase: boolean }): Promise<Regex>;
}

/** A compiler for one target. */
export function createRegexCompiler(): RegexCompiler {
  let remaining = MAX_REGEX_STEPS;
  return {
    async compile(pattern, { fail, ignoreCase }) {
      remaining -= estimateSteps(pattern);
      if (remaining < 0) throw fail("its regular expressions are too big; repeat counts multiply");
      const { RE2JS } = await import("re2js");
      try {
        const regex = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
        return (text) => regex.matcher(text).lookingAt();
      } catch (cause) {
        throw fail(describe(cause), findCulprit(pattern, cause));
      }
    },
  };
}

/** An upper bound of the compiled size: RE2 writes `x{9}` out nine times, up to 1,000 for nested counts. */
function estimateSteps(pattern: string): number {
  let factor = 1;
  for (const [, least, most] of pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g)) {
    factor = Math.min(1000, factor * Math.max(1, Number(least), Number(most ?? 0)));
  }
  return pattern.length * factor;
}

/** RE2's own reason, without the repeated pattern. */
function describe(cause: unknown): string {
  const reason = cause instanceof Error && "error" in cause ? String(cause.error) : "not a regular expression";
  return reason.includes("Perl syntax") ? "look-around and back-references are not supported" : reason;
}

/** Where the fragment that RE2 complains about begins. */
function findCulprit(pattern: string, cause: unknown): number {
  const fragment = cause instanceof Error && "input" in cause ? cause.input : undefined;
  const index = typeof fragment === "string" && fragment !== "" ? pattern.indexOf(fragment) : -1;
  return Math.max(0, index);
}
