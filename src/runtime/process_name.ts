/**
 * What `ps` shows of a process that somebody has started already.
 *
 * Deno writes over its arguments. Bun does not, and there is seldom room for it: `brine master` has 13 bytes. There this
 * process becomes the same program once more, by execve(2), which keeps its number, its parent and its open files; it
 * takes a few milliseconds, and its words travel in a variable.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { loadLibc } from "./libc.ts";
import { WORDS_VARIABLE } from "./process.ts";
import { selfCommand } from "./self.ts";

/** Shows this process as `title`. On Bun it may not return; where it cannot be done, the words stay as they were typed. */
export async function showAs(title: string): Promise<void> {
  process.title = title;
  const libc = await loadLibc();
  if (!libc || readFileSync("/proc/self/cmdline", "utf8").split("\0")[0] === title) return;
  const [program = "", ...script] = selfCommand();
  const words = JSON.stringify(process.argv.slice(2));
  libc.becomeProgram(program, [title, ...script], { ...process.env, [WORDS_VARIABLE]: words });
}
