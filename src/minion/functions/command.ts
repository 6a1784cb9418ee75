/**
 * Running a command for the module `cmd`: from its parameters to a process, from its bytes to an answer.
 *
 * THE documented shell is here: a command given as text is run as `[shell, "-c", text]`. A list is an argument vector
 * and sees no shell; no other function of Brine ever uses one (T4).
 *
 * @module
 */
import { spawn, type SpawnResult } from "../../runtime/spawn.ts";
import type { ArgumentsFor, CallContext, Parameter } from "./function.ts";

/** A command ran into its `timeout`; the same number as timeout(1). */
export const RETCODE_TIMED_OUT = 124;

/** What every function that runs a program takes, by name only. */
export const PROCESS_PARAMETERS = [
  {
    name: "cwd",
    type: "string",
    namedOnly: true,
    description: "working directory; with runas, default that user's home",
  },
  { name: "env", type: "map", namedOnly: true, description: "variables to set, as JSON or as env=KEY=VALUE, repeated" },
  { name: "clean_env", type: "boolean", default: false, namedOnly: true, description: "start with no other variables" },
  { name: "runas", type: "string", namedOnly: true, description: "user to run as, with all of that user's groups" },
  { name: "stdin", type: "bytes", namedOnly: true, description: "what the command reads; nothing by default" },
  {
    name: "timeout",
    type: "seconds",
    namedOnly: true,
    description: "kill the command and all it started after this long",
  },
  { name: "umask", type: "string", namedOnly: true, description: "file mode creation mask in octal, such as 077" },
] as const satisfies readonly Parameter[];

/** The values of {@link PROCESS_PARAMETERS}. */
export type ProcessArguments = ArgumentsFor<typeof PROCESS_PARAMETERS>;

/** The parameters of a command line: what to run and the shell that reads it. */
export const COMMAND_PARAMETERS = [
  {
    name: "command",
    type: "any",
    required: true,
    description: "a line for the shell, or a list: program and arguments",
  },
  { name: "shell", type: "any", default: "/bin/sh", namedOnly: true, description: "the shell; false to run a program" },
  ...PROCESS_PARAMETERS,
] as const satisfies readonly Parameter[];

/** The values of {@link COMMAND_PARAMETERS}. */
export type CommandArguments = ArgumentsFor<typeof COMMAND_PARAMETERS>;

/** What became of a command. */
export interface CommandResult extends SpawnResult {
  /** The exit code, or {@link RETCODE_TIMED_OUT}. */
  readonly retcode: number;
  /** Set when the command did not end by itself: a sentence for the operator. */
  readonly ending: string | undefined;
}

/** The argument vector that `command` stands for. */
export function vectorOf({ command, shell }: Pick<CommandArguments, "command" | "shell">): readonly string[] {
  if (Array.isArray(command)) {
    if (command.length === 0 || !command.every((word) => typeof word === "string")) {
      throw new Error("Cannot run the command: a list must hold the program and its arguments, all text");
    }
    return command;
  }
  if (typeof command !== "string") throw new Error("Cannot run the command: it is neither text nor a list of text");
  if (shell === false || shell === "false") return [command]; // words are not split: that would be a second shell
  if (typeof shell !== "string") throw new Error("Cannot run the command: the shell is neither a program nor false");
  return [shell, "-c", command];
}

/** Runs an argument vector with the common parameters. */
export async function runCommand(
  argv: readonly string[],
  args: ProcessArguments & { readonly mergeStderr?: boolean },
  { signal }: Pick<CallContext, "signal">,
): Promise<CommandResult> {
  const result = await spawn(argv, {
    cwd: args.cwd,
    env: args.env && environmentOf(args.env),
    clearEnv: args.clean_env,
    runas: args.runas,
    stdin: args.stdin,
    umask: args.umask === undefined ? undefined : maskOf(args.umask),
    timeoutMs: args.timeout === undefined ? undefined : args.timeout * 1000,
    mergeStderr: args.mergeStderr,
    signal,
  });
  const ending = result.timedOut
    ? `timed out after ${args.timeout} s and was killed, with its whole process group`
    : result.aborted
    ? "was killed with its job, with its whole process group"
    : undefined;
  return { ...result, retcode: result.timedOut ? RETCODE_TIMED_OUT : result.exitCode, ending };
}

/** Output as an operator wants it: text without its last newline where it is UTF-8, else the bytes, whole. */
export function answerOf(bytes: Uint8Array, ending?: string): string | Uint8Array {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const trimmed = text.endsWith("\n") ? text.slice(0, -1) : text;
    return ending === undefined ? trimmed : `${trimmed}${trimmed === "" ? "" : "\n"}${ending}`;
  } catch {
    return bytes;
  }
}

function environmentOf(env: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      if (!/^[^=\0]+$/.test(name)) throw new Error(`Cannot set variable ${JSON.stringify(name)}: it is no name`);
      if (typeof value === "string" && !value.includes("\0")) return [name, value];
      if (typeof value === "number" || typeof value === "boolean") return [name, String(value)];
      throw new Error(`Cannot set variable "${name}": its value is not text`);
    }),
  );
}

function maskOf(umask: string): number {
  if (!/^[0-7]{1,4}$/.test(umask)) throw new Error(`Cannot set umask "${umask}": it is not octal, such as 077`);
  return parseInt(umask, 8);
}
