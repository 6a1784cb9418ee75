/**
 * The machine that we run on, as far as its files and `node:os` tell: no process is started to find anything out.
 *
 * @module
 */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import * as os from "node:os";
import process from "node:process";

/** An address of a network interface. */
export interface InterfaceAddress {
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  readonly mac: string;
}

/** The machine. An interface so that tests can describe one that they do not run on. */
export interface Host {
  /** What `uname` says of the machine. */
  readonly uname: { readonly sysname: string; readonly release: string; readonly machine: string };
  readonly hostname: string;
  readonly totalMemoryBytes: number;
  readonly cpus: readonly { readonly model: string }[];
  readonly interfaces: ReadonlyMap<string, readonly InterfaceAddress[]>;
  readonly pid: number;
  /** Name and version of the runtime: `bun 1.4.5`. */
  readonly runtime: string;
  /** A variable of our environment. */
  variable(name: string): string | undefined;
  /** A small text file; undefined when it is not there or not for us. */
  readText(path: string): string | undefined;
  /** Names in a directory; none when it is not there or not for us. */
  list(path: string): string[];
  exists(path: string): boolean;
  /** The IANA name of the time zone. */
  readonly timeZone: string;
}

/** The machine that we run on, read now. */
export function thisHost(): Host {
  return {
    uname: { sysname: os.type(), release: os.release(), machine: os.machine() },
    hostname: os.hostname(),
    totalMemoryBytes: os.totalmem(),
    cpus: os.cpus().map(({ model }) => ({ model })),
    interfaces: interfaces(),
    pid: process.pid,
    runtime: runtimeName(),
    variable: (name) => process.env[name],
    readText: (path) => orUndefined(() => readFileSync(path, "utf8")),
    list: (path) => orUndefined(() => readdirSync(path).sort()) ?? [],
    exists: (path) => orUndefined(() => statSync(path)) !== undefined,
    timeZone: timeZone(),
  };
}

/** From where the C library has it: `Intl` would know too, and costs 5 MiB and 7 ms. */
function timeZone(): string {
  const named = process.env["TZ"] || orUndefined(() => readFileSync("/etc/timezone", "utf8").trim());
  const linked = () => /zoneinfo\/(.+)$/.exec(orUndefined(() => realpathSync("/etc/localtime")) ?? "")?.[1];
  return named || linked() || "UTC";
}

function interfaces(): Map<string, readonly InterfaceAddress[]> {
  const found = orUndefined(() => os.networkInterfaces()) ?? {};
  return new Map(
    Object.entries(found).map(([name, addresses = []]) => [
      name,
      addresses.map(({ address, family, mac }) => ({
        address: address.split("%", 1)[0] ?? address, // without the zone of a link-local address
        family: family === "IPv6" ? "IPv6" : "IPv4",
        mac,
      })),
    ]),
  );
}

function runtimeName(): string {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  return bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${node}`;
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // a fact that cannot be read is a fact that we do not have
  }
}
