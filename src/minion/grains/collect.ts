/**
 * The core grains: facts about this machine under Salt's names, so that targets written for Salt go on to match.
 *
 * Everything comes from files and `node:os` within a few milliseconds; nothing asks the network (Salt's `fqdn` waits
 * for DNS, and that is the usual reason why a minion is slow to start).
 *
 * @module
 */
import type { Host } from "../../runtime/host.ts";
import type { Grains } from "../../target/grains.ts";
import { networkGrains } from "./network.ts";
import { operatingSystemGrains } from "./operating_system.ts";
import { virtualGrains } from "./virtual.ts";

/** What the grains are made of. */
export interface CollectOptions {
  readonly host: Host;
  /** The minion's id. */
  readonly id: string;
  /** Brine's version. */
  readonly version: string;
  /** Grains that the operator set; they win over those found. */
  readonly custom?: Grains;
}

const MIB = 2 ** 20;

/** All grains of the machine. */
export function collectGrains({ host, id, version, custom = {} }: CollectOptions): Grains {
  const found: Record<string, unknown> = {
    id,
    ...networkGrains(host),
    ...operatingSystemGrains(host),
    ...virtualGrains(host),
    ...hardwareGrains(host),
    locale_info: localeOf(host),
    timezone: host.timeZone,
    init: initOf(host),
    pid: host.pid,
    path: host.variable("PATH") ?? "",
    systempath: (host.variable("PATH") ?? "").split(":"),
    shell: host.variable("SHELL") ?? "/bin/sh",
    brineversion: version,
    runtime: host.runtime,
  };
  return Object.freeze({ ...found, ...custom });
}

function hardwareGrains(host: Host): Record<string, unknown> {
  return {
    cpuarch: host.uname.machine,
    num_cpus: host.cpus.length,
    cpu_model: host.cpus[0]?.model ?? "unknown",
    mem_total: Math.floor(host.totalMemoryBytes / MIB),
  };
}

function localeOf(host: Host): Record<string, unknown> {
  const locale = host.variable("LC_ALL") || host.variable("LC_CTYPE") || host.variable("LANG") || "C";
  const [language = "C", encoding] = locale.split("@", 1)[0]?.split(".") ?? [];
  return { defaultlanguage: language, defaultencoding: encoding ?? "unknown", timezone: host.timeZone };
}

function initOf(host: Host): string {
  if (host.exists("/run/systemd/system")) return "systemd";
  if (host.exists("/run/openrc")) return "openrc";
  const name = host.readText("/proc/1/comm")?.trim();
  if (name === "init") return host.exists("/sbin/initctl") ? "upstart" : "sysvinit";
  return name || (host.uname.sysname === "Darwin" ? "launchd" : "unknown");
}
