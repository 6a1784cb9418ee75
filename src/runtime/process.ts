/**
 * This process: its arguments, its surroundings, the signals it gets and how it ends.
 *
 * @module
 */
import { homedir, hostname } from "node:os";
import process from "node:process";

/** Words that did not come as arguments, because those show something else; see `process_name.ts`. */
export const WORDS_VARIABLE = "BRINE_WORDS";

/** The words after the program's name. */
export function commandLine(): string[] {
  const words: unknown = JSON.parse(takeVariable(WORDS_VARIABLE) ?? "[]");
  if (Array.isArray(words)) process.argv.push(...words.map(String));
  return process.argv.slice(2);
}

/** The environment's variables. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** The value of an environment variable, which is gone from the environment afterwards. */
export function takeVariable(name: string): string | undefined {
  const value = process.env[name];
  delete process.env[name];
  return value;
}

/** The user's home directory. */
export function homeDirectory(): string {
  return homedir();
}

/** Whether this process may do everything. */
export function isSuperuser(): boolean {
  return process.getuid?.() === 0;
}

/** What this machine is called. */
export function hostName(): string {
  return hostname();
}

/** This process's number. */
export function processId(): number {
  return process.pid;
}

/** Whether a process with this number lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

/** Runtime and version, such as `bun 1.4.5`. */
export function runtimeVersion(): string {
  const { bun, deno, node } = process.versions;
  return bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${node}`;
}

/** Ends the process now. Everything that must be written was written. */
export function exit(code: number): never {
  process.exit(code);
}

/** Signals that ask a program to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR1";

/** Calls `act` for each of these signals until the result is disposed. */
export function onSignals(signals: readonly EndSignal[], act: (signal: EndSignal) => void): Disposable {
  const entries = signals.map((signal) => ({ signal, listener: () => act(signal) }));
  for (const { signal, listener } of entries) process.on(signal, listener);
  return {
    [Symbol.dispose]: () => {
      for (const { signal, listener } of entries) process.off(signal, listener);
    },
  };
}
