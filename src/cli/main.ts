/**
 * The program: reads its words, does what they say, and turns whatever goes wrong into one line and an exit code.
 *
 * @module
 */
import { CommanderError } from "commander";
import { reasonOf } from "../core/errors.ts";
import { environment, exit } from "../runtime/process.ts";
import { writeError } from "../runtime/terminal.ts";
import { EXIT, exitCodeOf } from "./exit_codes.ts";
import { buildProgram } from "./program.ts";

/** Runs the command in `words` and ends the process with its exit code. */
export async function main(words: readonly string[]): Promise<never> {
  exit(await run(words));
}

async function run(words: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  try {
    await buildProgram((result) => code = result).parseAsync(words, { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage; // it has said why
    writeError(`brine: ${reasonOf(thrown)}\n`);
    if (environment()["BRINE_DEBUG"] && thrown instanceof Error) writeError(`${thrown.stack}\n`);
    return exitCodeOf(thrown);
  }
}
