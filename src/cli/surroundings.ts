/**
 * The options that every command takes, and what follows from them.
 *
 * @module
 */
import { directoriesOf, type Paths, pathsOf } from "../config/paths.ts";
import { resolve } from "../runtime/files.ts";
import { environment, homeDirectory, isSuperuser } from "../runtime/process.ts";
import { terminal } from "../runtime/terminal.ts";
import type { Style } from "../output/style.ts";

/** Options before or after any command. */
export interface GlobalOptions {
  readonly root?: string;
  readonly config?: string;
  readonly logLevel?: string;
  readonly json?: boolean;
}

/** `--root`, or BRINE_ROOT, as an absolute path; undefined for the system's places. */
export function rootOf({ root = environment()["BRINE_ROOT"] }: GlobalOptions): string | undefined {
  return root === undefined || root === "" ? undefined : resolve(root);
}

/** The paths that these options lead to. */
export function pathsFor(options: GlobalOptions): Paths {
  const surroundings = { isRoot: isSuperuser(), home: homeDirectory(), environment: environment() };
  return pathsOf(directoriesOf({ ...surroundings, root: rootOf(options) }));
}

/** How results may look on stdout: colours for people only, and only if they want them (NO_COLOR). */
export function styleFor(): Style {
  const { isTerminal, columns } = terminal("stdout");
  const isPlain = Boolean(environment()["NO_COLOR"]) || environment()["TERM"] === "dumb";
  return { colour: isTerminal && !isPlain, width: columns, keepControls: !isTerminal };
}

/** What was given, without what was not: for values that win over a file. */
export function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
