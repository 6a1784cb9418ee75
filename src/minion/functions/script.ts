/**
 * `cmd.script`: a whole script instead of a line, run from a private file that is gone afterwards (T18).
 *
 * @module
 */
import { utf8 } from "../../core/bytes.ts";
import { readFileIfThere } from "../../runtime/files.ts";
import { writeScratchScript } from "../../runtime/scratch_script.ts";
import { answerOf, PROCESS_PARAMETERS, runCommand } from "./command.ts";
import { defineFunction, type FunctionDefinition } from "./function.ts";

/** The definition of `cmd.script`. */
export const scriptFunction: FunctionDefinition = defineFunction({
  name: "cmd.script",
  summary: "Runs a script and answers with its pid, retcode, stdout and stderr.",
  description:
    "The source is the script itself if it begins with #! or has more than one line; else it is a path on the " +
    "minion. Its first line (#!) says what runs it, else /bin/sh does; shell=… overrides both. Arguments " +
    "arrive as they are: no shell reads them.",
  parameters: [
    { name: "source", type: "string", required: true, description: "the script's text, or its path on the minion" },
    { name: "args", type: "string", rest: true, description: "the script's arguments" },
    { name: "shell", type: "string", namedOnly: true, description: "the program that reads the script" },
    ...PROCESS_PARAMETERS,
  ],
  example: "cmd.script '#!/bin/sh\necho \"hello $1\"' world",
  changesThings: true,
  async run({ source, args, shell, ...options }, context) {
    const content = contentOf(source);
    using script = await writeScratchScript(content, { parent: context.temporaryDirectory, runas: options.runas });
    const namesItsReader = content[0] === 0x23 && content[1] === 0x21; // "#!"
    const reader = shell ?? (namesItsReader ? undefined : "/bin/sh");
    const argv = reader === undefined ? [script.path, ...args] : [reader, script.path, ...args];
    const result = await runCommand(argv, options, context);
    const { pid, retcode, stdout, stderr, ending } = result;
    return { return: { pid, retcode, stdout: answerOf(stdout), stderr: answerOf(stderr, ending) }, retcode };
  },
});

/** Bytes, not text: an installer may carry an archive behind its last line. */
function contentOf(source: string): Uint8Array {
  if (source.startsWith("#!") || source.includes("\n")) return utf8(source);
  const content = readFileIfThere(source);
  if (content === undefined) throw new Error(`Cannot run script "${source}": no such file`);
  return content;
}
