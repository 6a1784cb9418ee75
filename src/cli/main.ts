/**
 * The program: reads its words, does what they say, and turns whatever goes wrong into one line and an exit code.
 *
 * @module
 */
import { CommanderError } from "commander";
import { reasonOf } from "../core/errors.ts";
import { escapeToLine } from "../output/terminal.ts";
import { environment, exit } from "../runtime/process.ts";
import { writeError } from "../runtime/terminal.ts";
import { EXIT, exitCodeOf } from "./exit_codes.ts";
import { buildProgram } from "./program.ts";
import { formatUsageError } from "./usage_error.ts";

/** Runs the command in `words` and ends the process with its exit code. */
export async function main(words: readonly string[]): Promise<never> {
  exit(await run(words));
}

async function run(words: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram((result) => code = result);
  try {
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return EXIT.ok; // help or version was asked for
      const command = words.find((word) => program.commands.some((known) => known.name() === word)) ?? "";
      // Help that was shown for want of a command says enough.
      if (thrown.code !== "commander.help") say(formatUsageError(thrown.message, command));
      return EXIT.usage;
    }
    say(reasonOf(thrown));
    if (environment()["BRINE_DEBUG"] && thrown instanceof Error) writeError(`${thrown.stack}\n`);
    return exitCodeOf(thrown);
  }
}

/** One line, whatever it quotes. */
function say(text: string): void {
  writeError(`brine: ${escapeToLine(text)}\n`);
}
