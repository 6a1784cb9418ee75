/** What the tests of the minion share. @module */
import type { Log } from "../../src/core/log.ts";
import { newJid } from "../../src/core/jid.ts";
import { join, makeTemporaryDirectory, removePath, systemTemporaryDirectory } from "../../src/runtime/files.ts";

/** A directory that is gone afterwards. */
export function scratch(): Disposable & { at(name: string): string } {
  const root = makeTemporaryDirectory(systemTemporaryDirectory(), "brine-minion-");
  return { at: (name) => join(root, name), [Symbol.dispose]: () => removePath(root) };
}

/** A log whose lines the test reads. */
export function logTo(lines: string[]): Log {
  const add = (text: string) => void lines.push(text);
  return { debug: add, info: add, warning: add, error: add };
}

/** The n-th of a row of job ids. */
export const jidOf = (n: number) => newJid(Date.UTC(2026, 0, 1) + n, () => 0.5);
