/** What the tests of the master share. @module */
import type { Log } from "../../src/core/log.ts";

/** A log whose lines the test reads. */
export function logTo(lines: string[]): Log {
  const add = (text: string) => void lines.push(text);
  return { debug: add, info: add, warning: add, error: add };
}
