/**
 * Starting this very program again: the compiled file, or the runtime with the script that it was given.
 *
 * @module
 */
import process from "node:process";

/** The words that start this program; its own arguments follow. */
export function selfCommand(): string[] {
  const { versions, execPath, argv } = process;
  const script = argv[1] ?? "";
  // In a compiled file the script is inside: Bun shows it under /$bunfs, Windows under B:\~BUN; Deno shows the file itself.
  if (/^(\/\$bunfs\/|B:[\\/]~BUN)/.test(script) || script === execPath) return [execPath];
  return versions["deno"] ? [execPath, "run", "-A", script] : [execPath, script];
}
