/**
 * A context to run functions in, and the way an operator's words become a call.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callFunction, type CallOutcome } from "../../../src/minion/functions/call.ts";
import type { CallContext } from "../../../src/minion/functions/function.ts";
import { builtinFunctions } from "../../../src/minion/functions/index.ts";

export const GRAINS = {
  os: "Debian",
  disks: [{ name: "sda" }],
  locale_info: { timezone: "UTC" },
  roles: ["web", "db"],
};

/** A context whose temporary directory is gone afterwards. */
export function openContext(changes: Partial<CallContext> = {}): CallContext & Disposable {
  const temporaryDirectory = mkdtempSync(join(tmpdir(), "brine-test-"));
  return {
    id: "web01",
    grains: () => Promise.resolve(GRAINS),
    signal: new AbortController().signal,
    temporaryDirectory,
    version: "1.2.3",
    functions: builtinFunctions(),
    ...changes,
    [Symbol.dispose]: () => rmSync(temporaryDirectory, { recursive: true }),
  };
}

/** Calls a function with words and named values in a fresh context. */
export async function call(
  name: string,
  words: readonly unknown[] = [],
  { named = {}, ...changes }: Partial<CallContext> & { readonly named?: Record<string, unknown> } = {},
): Promise<CallOutcome> {
  using context = openContext(changes);
  return await callFunction(context.functions, { function: name, arguments: words, named }, context);
}

/** The words of an example, quoted as for a shell with single quotes only. */
export function wordsOf(example: string): string[] {
  return [...example.matchAll(/'([^']*)'|([^\s']+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}
