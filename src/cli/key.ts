/** `brine key`. @module */
import type { Command } from "commander";
import type { KeyList } from "../client/brine.ts";
import { parseDurationMs } from "../core/duration.ts";
import { UsageError } from "../core/errors.ts";
import { formatAge } from "../output/age.ts";
import { formatJson } from "../output/json.ts";
import { type Cell, formatTable } from "../output/table.ts";
import { failReading } from "../target/target_error.ts";
import { compileGlob } from "../target/glob.ts";
import { NodeSet } from "../target/node_set.ts";
import { writeOut } from "../runtime/terminal.ts";
import { withMaster } from "./client.ts";
import { EXIT } from "./exit_codes.ts";
import { type GlobalOptions, styleFor } from "./surroundings.ts";

type States = KeyList["minions"];

const STATES = ["accepted", "pending", "rejected"] as const;
const TONES = { accepted: "success", pending: "missing", rejected: "failure" } as const;
const PAST = { accept: "accepted", reject: "rejected", delete: "deleted" } as const;

/** `brine key list`. */
export async function keyList(_own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  return await withMaster(options, async (brine) => {
    const { minions, operators } = await brine.keys();
    if (options.json) {
      writeOut(`${formatJson({ minions: idsOf(minions), operators: idsOf(operators) }, 2)}\n`);
      return EXIT.ok;
    }
    const rows = [...rowsOf(minions, "minion"), ...rowsOf(operators, "operator")];
    const columns = [{ title: "id" }, { title: "role" }, { title: "state" }, { title: "since" }, {
      title: "fingerprint",
    }];
    writeOut(`${formatTable(columns, rows, styleFor())}\n`);
    return EXIT.ok;
  });
}

function idsOf(states: States): Record<(typeof STATES)[number], string[]> {
  const ids = (state: (typeof STATES)[number]) => states[state].map(({ id }) => id);
  return { accepted: ids("accepted"), pending: ids("pending"), rejected: ids("rejected") };
}

function rowsOf(states: States, role: string): Cell[][] {
  return STATES.flatMap((state) =>
    states[state].map(({ id, since, fingerprint }): Cell[] => [
      id,
      role,
      { text: state, tone: TONES[state] },
      formatAge(since, Date.now()),
      fingerprint,
    ])
  );
}

interface ChangeOptions extends GlobalOptions {
  readonly all?: boolean;
  readonly operator?: boolean;
}

/** `brine key accept|reject|delete`. */
export function keyChange(change: keyof typeof PAST) {
  return async (globs: readonly string[], _own: unknown, command: Command): Promise<number> => {
    const options = command.optsWithGlobals<ChangeOptions>();
    if (options.all ? globs.length > 0 : globs.length === 0) {
      throw new UsageError(`Cannot ${change} keys: name them, or say --all${options.all ? ", not both" : ""}`);
    }
    return await withMaster(options, async (brine) => {
      const role = options.operator ? "operator" : "minion";
      const changed = await brine.changeKeys(change, options.all ? ["*"] : globs, role);
      if (options.json) writeOut(`${formatJson({ [PAST[change]]: changed })}\n`);
      else if (changed.length === 0) writeOut(`nothing to ${change}\n`);
      else writeOut(`${PAST[change]}: ${NodeSet.of(changed)} (${changed.length})\n`);
      return EXIT.ok;
    });
  };
}

/** `brine key finger`. */
export async function keyFinger(globs: readonly string[], _own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const patterns = globs.map((glob) => compileGlob(glob, failReading(glob, "key"), { commasSeparate: true }));
  const isNamed = (id: string) => patterns.length === 0 || patterns.some((matches) => matches(id));
  return await withMaster(options, async (brine) => {
    const { master, minions, operators } = await brine.keys();
    const fingers = (states: States) =>
      Object.fromEntries(
        STATES.flatMap((state) => states[state]).filter(({ id }) => isNamed(id))
          .map(({ id, fingerprint }) => [id, fingerprint]),
      );
    const found = { master, minions: fingers(minions), operators: fingers(operators) };
    if (options.json) {
      writeOut(`${formatJson(found, 2)}\n`);
      return EXIT.ok;
    }
    const rows = [
      ["master", "", master],
      ...Object.entries(found.minions).map(([id, finger]) => [id, "minion", finger]),
      ...Object.entries(found.operators).map(([id, finger]) => [id, "operator", finger]),
    ];
    writeOut(`${formatTable([{ title: "id" }, { title: "role" }, { title: "fingerprint" }], rows, styleFor())}\n`);
    return EXIT.ok;
  });
}

interface TokenOptions extends GlobalOptions {
  readonly ttl: string;
  readonly uses: number;
}

/** `brine key token`. */
export async function keyToken(_own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<TokenOptions>();
  const ttlMs = parseDurationMs(options.ttl, "--ttl");
  if (ttlMs === 0) throw new UsageError("Cannot make a token: --ttl is above zero");
  if (options.uses < 1) throw new UsageError("Cannot make a token: --uses is at least 1");
  return await withMaster(options, async (brine) => {
    const token = await brine.makeToken({ ttlMs, uses: options.uses });
    writeOut(options.json ? `${formatJson({ token })}\n` : `${token}\n`);
    return EXIT.ok;
  });
}
