/**
 * What the operating system says about files, in words for the person who has to put it right.
 *
 * @module
 */
import { codeOf } from "./files.ts";

const WORDS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EROFS", "the file system is read-only"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["EMFILE", "too many files are open"],
  ["ENOENT", "there is no such file or directory"],
  // mkdir says EEXIST where what stands in its way is no directory.
  ["ENOTDIR", "a file stands where a directory should be"],
  ["EEXIST", "a file stands where a directory should be"],
  ["EISDIR", "it is a directory"],
]);

/** Why the file system said no, and about which path; undefined when it was not the file system. */
export function fileFailureOf(thrown: unknown): { why: string; path: string | undefined } | undefined {
  const why = WORDS.get(codeOf(thrown) ?? "");
  if (why === undefined) return undefined;
  const path = thrown instanceof Error && "path" in thrown ? String(thrown.path) : undefined;
  return { why, path };
}
