/** `brine config`. @module */
import type { Command } from "commander";
import type { ConfigTable } from "../config/key.ts";
import { ConfigError, type ConfigProblem, loadConfigWithSources, type ValueProblem } from "../config/load.ts";
import { MASTER_KEYS } from "../config/master_config.ts";
import { MINION_KEYS } from "../config/minion_config.ts";
import { UsageError } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import { masterProblems } from "../master/config_problems.ts";
import { formatJson } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import { escapeToLine } from "../output/terminal.ts";
import { readTextIfThere } from "../runtime/files.ts";
import { writeError, writeOut } from "../runtime/terminal.ts";
import { EXIT } from "./exit_codes.ts";
import { given, type GlobalOptions, pathsFor, styleFor } from "./surroundings.ts";

const TABLES = { master: MASTER_KEYS, minion: MINION_KEYS } as const;

type Role = keyof typeof TABLES;

const ROLES: readonly Role[] = ["master", "minion"];

/** Loads the files of one role, or of both, and prints what is wrong with them. */
export async function configCheck(word: string | undefined, _own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const results = await Promise.all(
    rolesOf(word, options).map(async (role) => {
      const file = fileOf(role, options);
      try {
        await load(role, options);
        return { role, file, problems: [] };
      } catch (thrown) {
        if (!(thrown instanceof ConfigError)) throw thrown;
        return { role, file, problems: thrown.problems };
      }
    }),
  );
  const judged = results.map((one) => ({ ...one, good: one.problems.length === 0 }));
  if (options.json) writeOut(`${formatJson(judged, 2)}\n`);
  for (const { file, problems, good } of options.json ? [] : judged) {
    for (const problem of problems) writeError(`${escapeToLine(formatProblem(problem))}\n`);
    const note = readTextIfThere(file) === undefined ? " (there is no such file: the defaults hold)" : "";
    if (good) writeOut(`${escapeToLine(file)}: good${note}\n`);
  }
  return results.every(({ problems }) => problems.length === 0) ? EXIT.ok : EXIT.usage;
}

/** Prints every key with its value, and where that comes from. */
export async function configShow(word: string | undefined, _own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const shown: [Role, Record<string, { value: unknown; from: string }>][] = [];
  for (const role of rolesOf(word, options)) {
    const { values, settings } = await load(role, options);
    const entries = Object.entries(values).map(([key, value]) => {
      return [key, { value, from: settings.get(key)?.from ?? "default" }] as const;
    });
    shown.push([role, Object.fromEntries(entries)]);
  }
  const [only] = shown;
  if (options.json) {
    writeOut(`${formatJson(word === undefined ? Object.fromEntries(shown) : only?.[1], 2)}\n`);
    return EXIT.ok;
  }
  const columns = [{ title: "key" }, { title: "from" }, { title: "value" }];
  const texts = shown.map(([role, values]) => {
    const rows = Object.entries(values).map(([key, { value, from }]) => [key, from, formatJson(value)]);
    const heading = word === undefined ? `${role}:\n` : "";
    return `${heading}${formatTable(columns, rows, styleFor())}\n`;
  });
  writeOut(texts.join("\n"));
  return EXIT.ok;
}

/** Prints what a key does, or lists them all. */
export function configExplain(word: string | undefined, _own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const all = ROLES.flatMap((role) =>
    Object.entries<ConfigTable[string]>(TABLES[role]).map(([key, { defaultValue, about }]) => {
      return { key, role, default: defaultValue, about };
    })
  );
  const found = word === undefined ? all : all.filter(({ key }) => key === word);
  if (found.length === 0) throw unknownKey(word ?? "", all.map(({ key }) => key));
  if (options.json) {
    writeOut(`${formatJson(found, 2)}\n`);
  } else if (word !== undefined) {
    const sections = found.map(({ key, role, default: value, about }) => {
      return `${key} (of the ${role})\n  default: ${formatJson(value)}\n  ${about}\n`;
    });
    writeOut(sections.join("\n"));
  } else {
    const columns = [{ title: "key" }, { title: "of" }, { title: "default" }, { title: "what it does" }];
    const rows = found.map(({ key, role, default: value, about }) => [key, role, formatJson(value), about]);
    writeOut(`${formatTable(columns, rows, styleFor())}\n`);
  }
  return Promise.resolve(EXIT.ok);
}

function rolesOf(word: string | undefined, { config }: GlobalOptions): readonly Role[] {
  const role = ROLES.find((name) => name === word);
  if (role) return [role];
  if (word !== undefined) throw new UsageError(`Cannot look at "${word}": it is neither master nor minion`);
  if (config === undefined) return ROLES;
  throw new UsageError(`Cannot judge ${config}: say whose it is, master or minion`);
}

function fileOf(role: Role, options: GlobalOptions): string {
  const { masterConfig, minionConfig } = pathsFor(options);
  return options.config ?? (role === "master" ? masterConfig : minionConfig);
}

/** As `brine master` and `brine minion` do. */
function load(role: Role, options: GlobalOptions) {
  const from = {
    path: fileOf(role, options),
    isRequired: options.config !== undefined,
    flags: given({ log_level: options.logLevel }),
  };
  if (role === "minion") return loadConfigWithSources(MINION_KEYS, from);
  const check: (values: Parameters<typeof masterProblems>[0]) => Promise<ValueProblem[]> = masterProblems;
  return loadConfigWithSources(MASTER_KEYS, { ...from, check });
}

function formatProblem({ file, line, text }: ConfigProblem): string {
  return [file ?? "command line", line, ` ${text}`].filter((part) => part !== undefined).join(":");
}

function unknownKey(word: string, keys: readonly string[]): UsageError {
  const near = suggest(word, keys);
  const hint = near === undefined ? "`brine config explain` lists all" : `did you mean "${near}"?`;
  return new UsageError(`Cannot explain "${word}": there is no such key (${hint})`);
}
