/**
 * Programs that run in the background while something is measured: started with a log file, ended by their number in
 * the opposite order, never left behind.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import process from "node:process";

const KILL_AFTER_MS = 5_000;

/** One of them. */
export interface Daemon {
  readonly pid: number;
  /** What it wrote, the last of it. */
  readonly log: () => string;
}

/** All that one measurement needs. */
export class Daemons implements AsyncDisposable {
  readonly #running: { child: ChildProcess; ended: Promise<void> }[] = [];

  /** Starts `command`; what it writes goes to the file `logPath`. */
  start(command: readonly string[], logPath: string): Daemon {
    const [program = "", ...words] = command;
    const log = openSync(logPath, "w");
    const child = spawn(program, words, { stdio: ["ignore", log, log], env: process.env });
    closeSync(log);
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    this.#running.push({ child, ended });
    if (child.pid === undefined) throw new Error(`Cannot start ${program}`);
    return { pid: child.pid, log: () => readFileSync(logPath, "utf8").slice(-2_000) };
  }

  /** Ends them all, the last first; those that do not go are killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#running.splice(0).reverse();
    for (const { child } of running) child.kill("SIGTERM");
    const timer = setTimeout(() => running.forEach(({ child }) => child.kill("SIGKILL")), KILL_AFTER_MS);
    await Promise.all(running.map(({ ended }) => ended));
    clearTimeout(timer);
  }
}
