/**
 * A process and all that it started, by /proc.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { type Memory, memoryOf } from "./measure.ts";

/** The process with this number and those below it. */
function processesBelow(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  const children = existsSync(path) ? readFileSync(path, "utf8").trim().split(" ").filter(Boolean).map(Number) : [];
  return [pid, ...children.flatMap(processesBelow)];
}

/** One process of a tree. */
export interface Part extends Memory {
  /** As `ps` shows it. */
  readonly name: string;
}

/** Each process of a tree, the first one first. */
export function partsOfTree(pid: number): Part[] {
  return processesBelow(pid).flatMap((part) => {
    const memory = memoryOf(part);
    return memory ? [{ ...memory, name: nameOf(part) }] : [];
  });
}

function nameOf(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean).join(" ");
  return words.replace(/ --.*/, "").replace(/^.*\//, "");
}

/** What they hold together; undefined where there is no /proc. */
export function memoryOfTree(pid: number): Memory | undefined {
  const parts = processesBelow(pid).map(memoryOf).filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  return {
    rss: parts.reduce((sum, { rss }) => sum + rss, 0),
    pss: parts.reduce((sum, { pss }) => sum + pss, 0),
  };
}
