/**
 * Running commands on the machine. The return code of the function is the exit code of the command.
 *
 * @module
 */
import { findProgram } from "../../runtime/program.ts";
import { answerOf, COMMAND_PARAMETERS, type CommandArguments, runCommand, vectorOf } from "./command.ts";
import type { CommandResult } from "./command.ts";
import { type CallContext, defineFunction, type FunctionDefinition, type FunctionResult, succeed } from "./function.ts";
import { scriptFunction } from "./script.ts";

const ABOUT_COMMANDS =
  "Text is read by the shell (shell=…, default /bin/sh). A list is an argument vector and sees no shell. With shell=false text " +
  "is the name of a program; it is not split into words. A command that times out answers 124 and what it wrote so far. " +
  "Output that is not UTF-8 is returned as bytes.";

/** The functions of the module `cmd`. */
export const cmdFunctions: readonly FunctionDefinition[] = [
  defineFunction({
    name: "cmd.run",
    summary: "Runs a command and answers with what it wrote, stdout and stderr together.",
    description: ABOUT_COMMANDS,
    parameters: COMMAND_PARAMETERS,
    example: "cmd.run 'uptime'",
    changesThings: true,
    run: (args, context) => answerWith(args, context, { merge: true, pick: ({ stdout }) => stdout }),
  }),
  defineFunction({
    name: "cmd.run_stdout",
    summary: "Runs a command and answers with what it wrote to stdout.",
    description: ABOUT_COMMANDS,
    parameters: COMMAND_PARAMETERS,
    example: "cmd.run_stdout 'ls /etc'",
    changesThings: true,
    run: (args, context) => answerWith(args, context, { merge: false, pick: ({ stdout }) => stdout }),
  }),
  defineFunction({
    name: "cmd.run_stderr",
    summary: "Runs a command and answers with what it wrote to stderr.",
    description: ABOUT_COMMANDS,
    parameters: COMMAND_PARAMETERS,
    example: "cmd.run_stderr 'echo oops >&2'",
    changesThings: true,
    run: (args, context) => answerWith(args, context, { merge: false, pick: ({ stderr }) => stderr }),
  }),
  defineFunction({
    name: "cmd.run_all",
    summary: "Runs a command and answers with its pid, retcode, stdout and stderr.",
    description: ABOUT_COMMANDS,
    parameters: COMMAND_PARAMETERS,
    example: "cmd.run_all 'ls /nope || true'",
    changesThings: true,
    async run(args, context) {
      const result = await runCommand(vectorOf(args), args, context);
      return { return: fullAnswerOf(result), retcode: result.retcode };
    },
  }),
  defineFunction({
    name: "cmd.retcode",
    summary: "Runs a command and answers with its exit code.",
    description: ABOUT_COMMANDS,
    parameters: COMMAND_PARAMETERS,
    example: "cmd.retcode 'test -d /'",
    changesThings: true,
    async run(args, context) {
      const { retcode } = await runCommand(vectorOf(args), args, context);
      return { return: retcode, retcode };
    },
  }),
  scriptFunction,
  defineFunction({
    name: "cmd.which",
    summary: "Answers with the path of a program, or null when there is none.",
    parameters: [{ name: "name", type: "string", required: true, description: "a program" }],
    example: "cmd.which sh",
    changesThings: false,
    run: async ({ name }) => succeed(await findProgram(name) ?? null),
  }),
];

interface Answer {
  readonly merge: boolean;
  readonly pick: (result: CommandResult) => Uint8Array;
}

async function answerWith(args: CommandArguments, context: CallContext, answer: Answer): Promise<FunctionResult> {
  const result = await runCommand(vectorOf(args), { ...args, mergeStderr: answer.merge }, context);
  return { return: answerOf(answer.pick(result), result.ending), retcode: result.retcode };
}

function fullAnswerOf({ pid, retcode, stdout, stderr, ending }: CommandResult): Record<string, unknown> {
  return { pid, retcode, stdout: answerOf(stdout), stderr: answerOf(stderr, ending) };
}
