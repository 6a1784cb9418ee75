/**
 * Children that are Brine again, for the demo: started with pipes, ended by their number, never left behind.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { selfCommand } from "./self.ts";

/** A running child. Disposing it ends it (SIGTERM, then SIGKILL) and waits for that. */
export interface SelfChild extends AsyncDisposable {
  readonly pid: number;
  /** Exit code or signal, when it has ended. */
  readonly ended: Promise<number | string>;
  /** What it wrote to stderr so far, the last 64 KiB of it. */
  readonly errors: () => string;
}

const MAX_ERROR_CHARS = 64 * 1024;
const KILL_AFTER_MS = 3_000;

/** Starts this program again with these arguments. */
export function startSelf(args: readonly string[]): SelfChild {
  const [program, ...words] = [...selfCommand(), ...args];
  const child: ChildProcess = spawn(program ?? "", words, { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-MAX_ERROR_CHARS);
  });
  const ended = new Promise<number | string>((resolve) => {
    child.on("error", (failure) => resolve(failure.message));
    child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    errors: () => errors,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
