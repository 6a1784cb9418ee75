/**
 * The source tree as data, for the tests that hold its shape.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One TypeScript file. */
export interface SourceFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
  /** What it imports: paths of the repository, or package names. */
  readonly imports: readonly string[];
}

/** All TypeScript files of the program: the doors and `src/`. */
export function sourceFiles(): SourceFile[] {
  const inSource = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
  const doors = readdirSync(ROOT).filter((name) => name.endsWith(".ts")).map((name) => join(ROOT, name));
  return [...doors, ...inSource].map((file) => {
    const text = readFileSync(file, "utf8");
    return { path: relative(ROOT, file), text, imports: importsOf(file, text) };
  });
}

function importsOf(file: string, text: string): string[] {
  const statements = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^;"']*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']/g,
  );
  return [...statements].map((found) => found[1] ?? found[2] ?? "").map((name) =>
    name.startsWith(".") ? relative(ROOT, join(dirname(file), name)) : name
  );
}
