/**
 * The minion's configuration: Salt's names where the thing is the same.
 *
 * @module
 */
import * as v from "valibot";
import { LOG_LEVELS, type LogLevel } from "../core/log.ts";
import { isMinionId } from "../core/minion_id.ts";
import { type ConfigValues, key, map, port, text } from "./key.ts";
import type { Paths } from "./paths.ts";

const MAX_PORT = 65_535;

const milliseconds = v.pipe(
  v.number("is not a number of milliseconds"),
  v.integer("is not a whole number"),
  v.minValue(1, "is not above zero"),
);
const masterAddress = v.pipe(
  text,
  v.check((value) => splitMaster(value) !== undefined, "is neither HOST nor HOST:PORT"),
);
const id = v.nullable(
  v.pipe(text, v.check(isMinionId, "may hold A-Z a-z 0-9 . _ - only, the first a letter or digit, at most 128")),
);

/** Every key of `/etc/brine/minion`. */
export const MINION_KEYS = {
  master: key(
    masterAddress,
    "salt",
    "The master: HOST, or HOST:RET_PORT. The default is the name that Salt's minions look for.",
  ),
  master_port: key(port, 4506, "The master's ret_port, where `master` does not say it."),
  id: key(id, null, "What this minion is called. The default is the host's full name."),
  master_finger: key(
    text,
    "",
    "The master's fingerprint, as `brine key finger` shows it there. Without it the first master is trusted and pinned.",
  ),
  recon_default: key(
    milliseconds,
    1_000,
    "The first wait before a lost master is tried again; doubled each time, any part of it by chance.",
  ),
  recon_max: key(milliseconds, 30_000, "The longest such wait."),
  process_count_max: key(
    v.pipe(v.number("is not a number"), v.integer("is not a whole number"), v.minValue(1, "is not above zero")),
    64,
    "Jobs that run side by side; others wait their turn. Bounded, so that a flood of jobs does not take the machine down.",
  ),
  grains_refresh_every: key(
    v.pipe(v.number("is not a number of minutes"), v.minValue(0, "is negative")),
    10,
    "Minutes after which the minion looks at its machine again and tells the master what has changed; 0: never.",
  ),
  grains: key(map(v.unknown(), "is not a map"), {}, "Grains of your own."),
  log_level: key(
    v.picklist(LOG_LEVELS, `is none of ${LOG_LEVELS.join(", ")}`),
    "info",
    "The least grave records that are written.",
  ),
  log_file: key(v.nullable(text), null, "Where records go. The default is stderr, where systemd takes them."),
} as const;

/** The minion's configuration, resolved. */
export interface MinionConfig {
  readonly paths: Paths;
  readonly masterHost: string;
  readonly masterPort: number;
  readonly id: string;
  readonly masterFinger: string | undefined;
  readonly reconnectFirstMs: number;
  readonly reconnectMaxMs: number;
  readonly maxRunningJobs: number;
  /** 0: never. */
  readonly grainsRefreshMs: number;
  readonly grains: Readonly<Record<string, unknown>>;
  readonly logLevel: LogLevel;
  readonly logFile: string | undefined;
  /** A single-use enrolment token. */
  readonly token: string | undefined;
}

/** Units and names as the code uses them; `hostId` is used where the file names no id. */
export function resolveMinionConfig(
  values: ConfigValues<typeof MINION_KEYS>,
  paths: Paths,
  { hostId, token }: { hostId: string; token: string | undefined },
): MinionConfig {
  const { host, port: masterPort = values.master_port } = getMaster(values.master);
  return {
    paths,
    masterHost: host,
    masterPort,
    id: values.id ?? hostId,
    masterFinger: values.master_finger || undefined,
    reconnectFirstMs: values.recon_default,
    reconnectMaxMs: values.recon_max,
    maxRunningJobs: values.process_count_max,
    grainsRefreshMs: values.grains_refresh_every * 60_000,
    grains: values.grains,
    logLevel: values.log_level,
    logFile: values.log_file ?? undefined,
    token,
  };
}

interface MasterAddress {
  readonly host: string;
  readonly port?: number;
}

function getMaster(text: string): MasterAddress {
  const address = splitMaster(text);
  if (!address) throw new Error(`Cannot read master "${text}": it is neither HOST nor HOST:PORT`);
  return address;
}

/** `HOST`, `HOST:PORT`, `[v6]`, `[v6]:PORT`, or a bare IPv6 address; undefined for anything else. */
function splitMaster(text: string): MasterAddress | undefined {
  if (/^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text)) return { host: `[${text}]` };
  const [, host, digits] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined) return undefined;
  if (digits === undefined) return { host };
  const port = Number(digits);
  return port >= 1 && port <= MAX_PORT ? { host, port } : undefined;
}
