/** `brine call`. @module */
import type { Command } from "commander";
import { VERSION } from "../core/version.ts";
import { callFunction } from "../minion/functions/call.ts";
import { builtinFunctions } from "../minion/functions/index.ts";
import { collectGrains } from "../minion/grains/collect.ts";
import { plainValue } from "../minion/plain_value.ts";
import { formatJson } from "../output/json.ts";
import { formatValue } from "../output/value.ts";
import { makeTemporaryDirectory, removePath, systemTemporaryDirectory } from "../runtime/files.ts";
import { thisHost } from "../runtime/host.ts";
import { onSignals } from "../runtime/process.ts";
import { writeOut } from "../runtime/terminal.ts";
import { EXIT } from "./exit_codes.ts";
import { minionConfigOf } from "./minion.ts";
import { type GlobalOptions, styleFor } from "./surroundings.ts";

/** Runs a function in this process, as a minion would. */
export async function callCommand(
  name: string,
  words: readonly string[],
  _own: unknown,
  command: Command,
): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const { id, grains: custom } = await minionConfigOf(options);
  const kill = new AbortController();
  using _signals = onSignals(["SIGINT", "SIGTERM"], () => kill.abort());
  const temporaryDirectory = makeTemporaryDirectory(systemTemporaryDirectory(), "brine-call-");
  try {
    const outcome = await callFunction(builtinFunctions(), { function: name, arguments: words, named: {} }, {
      id,
      grains: () => Promise.resolve(collectGrains({ host: thisHost(), id, version: VERSION, custom })),
      signal: kill.signal,
      temporaryDirectory,
      version: VERSION,
      functions: builtinFunctions(),
    });
    const value = plainValue(outcome.return);
    if (options.json) writeOut(`${formatJson({ ...outcome, return: value }, 2)}\n`);
    else writeOut(formatValue(value, styleFor()).map((line) => `${line}\n`).join(""));
    if (kill.signal.aborted) return EXIT.interrupted;
    return outcome.success ? EXIT.ok : EXIT.failed;
  } finally {
    removePath(temporaryDirectory);
  }
}
