/**
 * `-L @FILE`: a list of targets from a file, one or several a line, `#` for comments.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { readTextIfThere } from "../runtime/files.ts";

/** The list itself, or what is in the file that `@` names. */
export function expandTargetFile(list: string): string {
  if (!list.startsWith("@")) return list;
  const path = list.slice(1);
  const text = readTextIfThere(path);
  if (text === undefined) throw new UsageError(`Cannot read target list ${path}: there is no such file`);
  return text.split("\n").flatMap((line) => line.replace(/#.*/, "").split(/[\s,]+/)).filter(Boolean).join(",");
}
