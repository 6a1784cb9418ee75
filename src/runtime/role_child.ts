/**
 * A part of the master as a process of its own: this same program, started again under the part's name, tied to its
 * parent by two pipes. When the parent dies, however it dies, the child's stdin ends, and the child goes too.
 *
 *     parent -> child   one JSON document a line
 *     child -> parent   one JSON document a line
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { selfCommand } from "./self.ts";

/** The variable that tells a child which part it is; it is taken out of the environment before anything else runs. */
const VARIABLE = "BRINE_ROLE";

/** A running child. */
export interface RoleChild {
  readonly pid: number;
  /** Sends a line. */
  tell(value: unknown): void;
  kill(signal: "SIGKILL" | "SIGUSR1"): void;
  /** Exit code, or signal, when it has ended. */
  readonly ended: Promise<number | string>;
}

/** Starts this program as `title`, which is what `ps` shows. */
export function startRoleChild(title: string, role: string, onLine: (value: unknown) => void): RoleChild {
  const [program = "", ...words] = selfCommand();
  const child: ChildProcess = spawn(program, words, {
    argv0: title,
    env: { ...process.env, [VARIABLE]: role },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin?.on("error", () => {}); // it has gone; `ended` says so
  if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => onLine(parseLine(line)));
  return {
    pid: child.pid ?? 0,
    tell: (value) => void child.stdin?.write(`${JSON.stringify(value)}\n`),
    kill: (signal) => void child.kill(signal),
    ended: new Promise((resolve) => {
      child.on("error", (failure) => resolve(failure.message));
      child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
    }),
  };
}

/** This process's end, if it was started as a part. */
export interface RoleParent {
  /** Which part this process is. */
  readonly role: string;
  /** Sends a line. */
  tell(value: unknown): void;
  /** Calls `take` for each line; `terminated` on SIGTERM; `orphaned` when the parent has gone. */
  listen(take: (value: unknown) => void, on: { terminated: () => void; orphaned: () => void }): void;
}

/** The part that this process was started as; undefined for a process that a person started. */
export function roleParent(title: (role: string) => string): RoleParent | undefined {
  const role = process.env[VARIABLE];
  if (role === undefined) return undefined;
  delete process.env[VARIABLE]; // commands that are run from here are no parts of the master
  process.title = title(role); // for Deno, which ignores argv0
  for (const signal of ["SIGINT", "SIGHUP", "SIGUSR1"] as const) process.on(signal, () => {}); // meant for the parent
  return {
    role,
    tell: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    listen(take, { terminated, orphaned }) {
      process.on("SIGTERM", terminated);
      const lines = createInterface({ input: process.stdin });
      lines.on("line", (line) => take(parseLine(line)));
      lines.on("close", orphaned);
    },
  };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // a stray print of a library is no message
  }
}
