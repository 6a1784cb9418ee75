/**
 * Reads a configuration file against its table and reports everything that is wrong with it at once.
 *
 * @module
 */
import * as v from "valibot";
import { reasonOf, UsageError } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import { fileFailureOf } from "../runtime/file_errors.ts";
import { readTextIfThere } from "../runtime/files.ts";
import type { ConfigTable, ConfigValues } from "./key.ts";

/** What {@link loadConfig} starts from. */
export interface LoadOptions {
  readonly path: string;
  /** Whether it is an error when there is no file: `--config` names one, the default path need not exist. */
  readonly isRequired: boolean;
  /** Values from the command line; they win over the file. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** The values of all keys of `table`: defaults, then the file, then flags. Throws a `UsageError` with every problem. */
export async function loadConfig<Table extends ConfigTable>(
  table: Table,
  { path, isRequired, flags }: LoadOptions,
): Promise<ConfigValues<Table>> {
  const file = await readYamlMap(path, isRequired);
  const inFile = judge(table, file);
  const inFlags = judge(table, flags);
  if (inFile.length + inFlags.length > 0) {
    const what = inFile.length > 0 ? `load ${path}` : "use these options";
    const onCommandLine = inFlags.map((problem) => inFile.length > 0 ? `${problem} (on the command line)` : problem);
    throw new UsageError(`Cannot ${what}: ${[...inFile, ...onCommandLine].join("; ")}`);
  }
  const defaults = Object.entries(table).map(([name, { defaultValue }]) => [name, defaultValue]);
  // Every key is there and was judged by its own schema; the table's type says the rest.
  return { ...Object.fromEntries(defaults), ...file, ...flags } as ConfigValues<Table>;
}

async function readYamlMap(path: string, isRequired: boolean): Promise<Record<string, unknown>> {
  const text = readText(path);
  if (text === undefined) {
    if (isRequired) throw new UsageError(`Cannot load ${path}: there is no such file`);
    return {};
  }
  const { parse } = await import("yaml"); // only where there is a file: it costs every start otherwise
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (cause) {
    throw new UsageError(`Cannot load ${path}: ${reasonOf(cause).split("\n")[0]?.replace(/:$/, "")}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`Cannot load ${path}: it is no map of keys to values`);
  }
  return Object.fromEntries(Object.entries(value)); // `__proto__` too is a key to be judged
}

function readText(path: string): string | undefined {
  try {
    return readTextIfThere(path);
  } catch (cause) {
    const failure = fileFailureOf(cause);
    if (!failure) throw cause;
    throw new UsageError(`Cannot load ${path}: ${failure.why}`, { cause });
  }
}

/** What is wrong with `values`, key by key. */
function judge(table: ConfigTable, values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const entry = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!entry) {
      const near = suggest(name, Object.keys(table));
      return [`${name}: unknown key${near === undefined ? "" : ` (did you mean "${near}"?)`}`];
    }
    const result = v.safeParse(entry.schema, value);
    if (result.success) return [];
    const shown = JSON.stringify(value)?.slice(0, 80) ?? String(value);
    return [`${name}: ${shown} ${result.issues[0].message}`];
  });
}
