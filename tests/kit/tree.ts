/**
 * The processes of a running master, read out of /proc.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { isAlive } from "./brine_process.ts";
import { until } from "./until.ts";

/** What `ps` shows before a role's name. */
const TITLE = "brine master ";

/** One process of the tree. */
export interface RoleProcess {
  readonly name: string;
  readonly pid: number;
  readonly parentPid: number;
}

/** The master that was started as `pid`, and all that it started, by the name that `ps` shows. */
export function treeOf(pid: number): Map<string, RoleProcess> {
  const tree = new Map<string, RoleProcess>();
  const add = (pid: number, parentPid: number) => {
    const [words = ""] = readCommandLine(pid);
    if (words.startsWith(TITLE)) {
      tree.set(words.slice(TITLE.length), { name: words.slice(TITLE.length), pid, parentPid });
    }
    for (const child of childrenOf(pid)) add(child, pid);
  };
  add(pid, 0);
  return tree;
}

/** The words that a process shows. */
export function readCommandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it has just gone
  }
}

/** The processes whose parent this is. */
function childrenOf(pid: number): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((other) => {
    try {
      const stat = readFileSync(`/proc/${other}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(parent) === pid && state !== "Z";
    } catch {
      return false;
    }
  });
}

/** The process of a role that must be there. */
export function roleOf(masterPid: number, name: string): RoleProcess {
  const role = treeOf(masterPid).get(name);
  if (!role) throw new Error(`Cannot find ${name} below process ${masterPid}`);
  return role;
}

/** Kills a role with -9 and waits until it is back under another number. Says how long that took. */
export async function killAndAwait(masterPid: number, name: string): Promise<number> {
  const { pid } = roleOf(masterPid, name);
  const startedAt = performance.now();
  process.kill(pid, "SIGKILL");
  await until(`${name} to be back`, () => {
    const now = treeOf(masterPid).get(name);
    return now !== undefined && now.pid !== pid;
  });
  return performance.now() - startedAt;
}

/** Waits until all of these have gone. */
export async function untilGone(tree: Map<string, RoleProcess>, limitMs = 5_000): Promise<void> {
  await until(`the end of ${[...tree.keys()].join(", ")}`, () => {
    return [...tree.values()].every(({ pid }) => !isAlive(pid));
  }, limitMs).catch((cause) => {
    const left = [...tree.values()].filter(({ pid }) => isAlive(pid)).map(({ name }) => name);
    for (const { pid } of tree.values()) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    throw new Error(`Orphans: ${left.join(", ")}`, { cause });
  });
}
