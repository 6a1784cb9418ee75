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
export interface LoadOptions<Table extends ConfigTable = ConfigTable> {
  /** The file. Those that `PATH.d/*.conf` names are read after it, in order; they win. */
  readonly path: string;
  /** Whether it is an error when there is no file: `--config` names one, the default path need not exist. */
  readonly isRequired: boolean;
  /** Values from the command line; they win over the files. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Judges what no schema can, when all else is good. */
  readonly check?: (values: ConfigValues<Table>) => Promise<readonly ValueProblem[]>;
}

/** Something wrong inside the value of a key. */
export interface ValueProblem {
  readonly key: string;
  /** Keys and indexes from the key's value to the part that is wrong. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Something wrong, and where. */
export interface ConfigProblem {
  /** Absent for what is wrong on the command line. */
  readonly file?: string;
  /** Absent for what is wrong with the file as a whole. */
  readonly line?: number;
  /** `KEY: what is wrong with it`, or what is wrong with the file. */
  readonly text: string;
}

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigError extends UsageError {
  override readonly name = "UsageError";

  constructor(readonly problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const places = Map.groupBy(problems, ({ file }) => file);
    const lines = [...places].map(([file, own]) => {
      const words = own.map(({ line, text }) => `${line === undefined ? "" : `line ${line}: `}${text}`).join("; ");
      return `${file === undefined ? "Cannot use these options" : `Cannot load ${file}`}: ${words}`;
    });
    super(lines.join("; "), options);
  }
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

type Path = readonly (string | number)[];

/** What one file holds. */
interface FileValues {
  readonly path: string;
  readonly entries: readonly (readonly [name: string, value: unknown])[];
  /** The line where a key, or a part of its value, stands. */
  readonly lineOf: (name: string, path: Path) => number | undefined;
}

/** The values of all keys of `table`: defaults, then the files, then flags. Throws a `UsageError` with every problem. */
export async function loadConfig<Table extends ConfigTable>(
  table: Table,
  options: LoadOptions<Table>,
): Promise<ConfigValues<Table>> {
  return (await loadConfigWithSources(table, options)).values;
}

/** As {@link loadConfig}, with where each value comes from. */
export async function loadConfigWithSources<Table extends ConfigTable>(
  table: Table,
  { path, isRequired, flags, check = () => Promise.resolve([]) }: LoadOptions<Table>,
): Promise<LoadedConfig<Table>> {
  const settings = new Map<string, Setting>();
  const homes = new Map<string, FileValues>();
  const problems: ConfigProblem[] = [];
  const judgeFile = async (own: string, mustExist: boolean) => {
    const file = await readYamlMap(own, mustExist);
    for (const [name, value] of file.entries) {
      const judged = judge(table, name, value);
      for (const { path, text } of judged.problems) problems.push(placed({ key: name, path, text }, file));
      if (judged.problems.length > 0) continue;
      const line = file.lineOf(name, []);
      settings.set(name, { value: judged.value, from: line === undefined ? own : `${own}:${line}` });
      homes.set(name, file);
    }
  };
  for (const [own, mustExist] of [[path, isRequired] as const, ...dropInsOf(path)]) {
    await judgeFile(own, mustExist).catch((thrown) => {
      if (!(thrown instanceof ConfigError)) throw thrown;
      problems.push(...thrown.problems);
    });
  }
  for (const [name, value] of Object.entries(flags)) {
    const judged = judge(table, name, value);
    for (const { path, text } of judged.problems) problems.push(placed({ key: name, path, text }, undefined));
    settings.set(name, { value: judged.value, from: "command line" });
    homes.delete(name);
  }
  if (problems.length > 0) throw new ConfigError(problems);

  const defaults = Object.entries(table).map(([name, { defaultValue }]) => [name, defaultValue]);
  const set = [...settings].map(([name, { value }]) => [name, value]);
  // Every key is there and was judged by its own schema; the table's type says the rest.
  const values = Object.fromEntries([...defaults, ...set]) as ConfigValues<Table>;
  const left = await check(values);
  if (left.length > 0) throw new ConfigError(left.map((problem) => placed(problem, homes.get(problem.key))));
  return { values, settings };
}

function placed({ key, path, text }: ValueProblem, file: FileValues | undefined): ConfigProblem {
  const line = file?.lineOf(key, path);
  const where = { ...(file ? { file: file.path } : {}), ...(line === undefined ? {} : { line }) };
  return { ...where, text: `${[key, path.join(".")].filter((part) => part !== "").join(": ")}: ${text}` };
}

function dropInsOf(path: string): [string, boolean][] {
  const directory = `${path}.d`;
  const names = explained(directory, () => listDirectory(directory)).filter((name) => /^[^.].*\.conf$/.test(name));
  return names.toSorted().map((name) => [join(directory, name), true]);
}

async function readYamlMap(path: string, isRequired: boolean): Promise<FileValues> {
  const text = explained(path, () => readTextIfThere(path));
  if (text === undefined) {
    if (isRequired) throw new ConfigError([{ file: path, text: "there is no such file" }]);
    return { path, entries: [], lineOf: () => undefined };
  }
  const yaml = await import("yaml"); // only where there is a file: it costs every start otherwise
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines });
  const wrong = document.errors.map(({ message }) => ({
    file: path,
    text: message.split("\n")[0]?.replace(/:$/, "") ?? "",
  }));
  if (wrong.length > 0) throw new ConfigError(wrong);
  return { path, entries: entriesOf(path, document), lineOf: linesOf(yaml, document, lines) };
}

function entriesOf(path: string, document: Document): FileValues["entries"] {
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch (cause) {
    throw new ConfigError([{ file: path, text: reasonOf(cause) }], { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError([{ file: path, text: "it is no map of keys to values" }]);
  }
  return Object.entries(value);
}

/** A key's line is where its name stands; a part's where it begins, or what it is a part of if it is not there. */
function linesOf(
  { isMap, isNode, isScalar }: typeof import("yaml"),
  { contents }: Document,
  lines: LineCounter,
): FileValues["lineOf"] {
  const top = isMap(contents) ? contents : undefined;
  const lineAt = (offset: number | undefined) => offset === undefined ? undefined : lines.linePos(offset).line;
  return (name, path) => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = top?.getIn([name, ...path.slice(0, depth)], true);
      if (isNode(node) && node.range) return lineAt(node.range[0]);
    }
    const key = top?.items.find(({ key }) => isScalar(key) && String(key.value) === name)?.key;
    return isScalar(key) ? lineAt(key.range?.[0]) : undefined;
  };
}

function explained<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const failure = fileFailureOf(cause);
    if (!failure) throw cause;
    throw new ConfigError([{ file: path, text: failure.why }], { cause });
  }
}

interface Judgement {
  readonly value: unknown;
  readonly problems: readonly { readonly path: Path; readonly text: string }[];
}

/** The value as its schema makes it, and what is wrong with it: the first thing wrong with each of its parts. */
function judge(table: ConfigTable, name: string, value: unknown): Judgement {
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!entry) {
    const near = suggest(name, Object.keys(table));
    return {
      value,
      problems: [{ path: [], text: `unknown key${near === undefined ? "" : ` (did you mean "${near}"?)`}` }],
    };
  }
  const result = v.safeParse(entry.schema, value);
  if (result.success) return { value: result.output, problems: [] };
  const problems = new Map<string, Judgement["problems"][number]>();
  for (const { path, input, message } of result.issues) {
    const where = (path ?? []).map(({ key }) => typeof key === "number" ? key : String(key));
    const shown = input === undefined ? "" : `${JSON.stringify(input)?.slice(0, 80) ?? String(input)} `;
    if (!problems.has(where.join("."))) problems.set(where.join("."), { path: where, text: `${shown}${message}` });
  }
  return { value, problems: [...problems.values()] };
}
