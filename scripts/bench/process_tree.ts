/**
 * A process and all that it started, by /proc.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";

/** The process with this number and those below it. */
export function processesBelow(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  const children = existsSync(path) ? readFileSync(path, "utf8").trim().split(" ").filter(Boolean).map(Number) : [];
  return [pid, ...children.flatMap(processesBelow)];
}
