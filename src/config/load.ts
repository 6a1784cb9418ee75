/**
 * Reads configuration files against their table and reports everything that is wrong with them at once, by file and
 * line.
 *
 * @module
 */
import * as v from "valibot";
import type { Document, LineCounter } from "yaml";
import { reasonOf, UsageError } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import { fileFailureOf } from "../runtime/file_errors.ts";
import { join, listDirectory, readTextIfThere } from "../runtime/files.ts";
import type { ConfigTable, ConfigValues } from "./key.ts";

/** What {@link loadConfig} starts from. */
export interface LoadOptions {
  /** The file. Those in the directory `PATH.d` whose names end in `.conf` are read after it, in order; they win. */
  readonly path: string;
  /** Whether it is an error when there is no file: `--config` names one, the default path need not exist. */
  readonly isRequired: boolean;
  /** Values from the command line; they win over the files. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** A value that somebody set, and where. */
export interface Setting {
  readonly value: unknown;
  /** The file with its line, or "command line". */
  readonly from: string;
}

/** All values, and where those that are not defaults come from. */
export interface LoadedConfig<Table extends ConfigTable> {
  readonly values: ConfigValues<Table>;
  readonly settings: ReadonlyMap<string, Setting>;
}

type Yaml = typeof import("yaml");

interface FileValues {
  readonly path: string;
  readonly entries: readonly { readonly name: string; readonly value: unknown; readonly line: number | undefined }[];
}

/** The values of all keys of `table`: defaults, then the files, then flags. Throws a `UsageError` with every problem. */
export async function loadConfig<Table extends ConfigTable>(
  table: Table,
  options: LoadOptions,
): Promise<ConfigValues<Table>> {
  return (await loadConfigWithSources(table, options)).values;
}

/** As {@link loadConfig}, with where each value comes from. */
export async function loadConfigWithSources<Table extends ConfigTable>(
  table: Table,
  { path, isRequired, flags }: LoadOptions,
): Promise<LoadedConfig<Table>> {
  const files = [await readYamlMap(path, isRequired)];
  const dropIns = listDropIns(`${path}.d`);
  for (const name of dropIns) files.push(await readYamlMap(join(`${path}.d`, name), true));

  const settings = new Map<string, Setting>();
  const problems: string[] = [];
  for (const file of files) {
    const wrong = file.entries.flatMap(({ name, value, line }) => {
      const judged = judge(table, name, value);
      const place = line === undefined ? "" : `line ${line}: `;
      if ("problem" in judged) return [`${place}${name}: ${judged.problem}`];
      settings.set(name, { value: judged.value, from: line === undefined ? file.path : `${file.path}:${line}` });
      return [];
    });
    if (wrong.length > 0) problems.push(`Cannot load ${file.path}: ${wrong.join("; ")}`);
  }
  const wrongFlags = Object.entries(flags).flatMap(([name, value]) => {
    const judged = judge(table, name, value);
    if ("problem" in judged) return [`${name}: ${judged.problem}`];
    settings.set(name, { value: judged.value, from: "command line" });
    return [];
  });
  if (wrongFlags.length > 0) problems.push(`Cannot use these options: ${wrongFlags.join("; ")}`);
  if (problems.length > 0) throw new UsageError(problems.join("; "));

  const defaults = Object.entries(table).map(([name, { defaultValue }]) => [name, defaultValue]);
  const set = [...settings].map(([name, { value }]) => [name, value]);
  // Every key is there and was judged by its own schema; the table's type says the rest.
  return { values: Object.fromEntries([...defaults, ...set]) as ConfigValues<Table>, settings };
}

function listDropIns(directory: string): string[] {
  return explained(directory, () => listDirectory(directory)).filter((name) => name.endsWith(".conf"));
}

async function readYamlMap(path: string, isRequired: boolean): Promise<FileValues> {
  const text = explained(path, () => readTextIfThere(path));
  if (text === undefined) {
    if (isRequired) throw new UsageError(`Cannot load ${path}: there is no such file`);
    return { path, entries: [] };
  }
  const yaml = await import("yaml"); // only where there is a file: it costs every start otherwise
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error) throw new UsageError(`Cannot load ${path}: ${error.message.split("\n")[0]?.replace(/:$/, "")}`);
  return { path, entries: entriesOf(path, document, linesOfKeys(yaml, document, lines)) };
}

function entriesOf(path: string, document: Document, lineOf: ReadonlyMap<string, number>): FileValues["entries"] {
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch (cause) {
    throw new UsageError(`Cannot load ${path}: ${reasonOf(cause)}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`Cannot load ${path}: it is no map of keys to values`);
  }
  return Object.entries(value).map(([name, own]) => ({ name, value: own, line: lineOf.get(name) }));
}

/** The line of each key of the outermost map. */
function linesOfKeys({ isMap, isScalar }: Yaml, { contents }: Document, lines: LineCounter): Map<string, number> {
  const found = new Map<string, number>();
  if (!isMap(contents)) return found;
  for (const { key } of contents.items) {
    if (isScalar(key) && key.range) found.set(String(key.value), lines.linePos(key.range[0]).line);
  }
  return found;
}

function explained<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const failure = fileFailureOf(cause);
    if (!failure) throw cause;
    throw new UsageError(`Cannot load ${path}: ${failure.why}`, { cause });
  }
}

/** The value as its schema makes it, or what is wrong with it. */
function judge(table: ConfigTable, name: string, value: unknown): { value: unknown } | { problem: string } {
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!entry) {
    const near = suggest(name, Object.keys(table));
    return { problem: `unknown key${near === undefined ? "" : ` (did you mean "${near}"?)`}` };
  }
  const result = v.safeParse(entry.schema, value);
  if (result.success) return { value: result.output };
  const [issue] = result.issues;
  const path = issue.path?.map(({ key }) => String(key)).join(".");
  const shown = JSON.stringify(issue.input)?.slice(0, 80) ?? String(issue.input);
  return { problem: `${path ? `${path}: ` : ""}${shown} ${issue.message}` };
}
