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

/** What they hold together; undefined where there is no /proc. */
export function memoryOfTree(pid: number): Memory | undefined {
  const parts = processesBelow(pid).map(memoryOf).filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  return {
    rss: parts.reduce((sum, { rss }) => sum + rss, 0),
    pss: parts.reduce((sum, { pss }) => sum + pss, 0),
  };
}
