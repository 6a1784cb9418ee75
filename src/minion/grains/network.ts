/**
 * Grains about names and addresses.
 *
 * @module
 */
import type { Host } from "../../runtime/host.ts";

/** `host`, `fqdn`, `ipv4`, `ip_interfaces` and their kin. */
export function networkGrains(host: Host): Record<string, unknown> {
  const fqdn = fqdnOf(host);
  const [short = fqdn] = host.hostname.split(".", 1);
  return {
    host: short,
    nodename: host.hostname,
    localhost: host.hostname,
    fqdn,
    domain: fqdn.includes(".") ? fqdn.slice(fqdn.indexOf(".") + 1) : "",
    ipv4: addresses(host, "IPv4"),
    ipv6: addresses(host, "IPv6"),
    ip_interfaces: byInterface(host, (list) => list.map(({ address }) => address)),
    ip4_interfaces: byInterface(host, (list) => list.filter(isIpv4).map(({ address }) => address)),
    ip6_interfaces: byInterface(host, (list) => list.filter((one) => !isIpv4(one)).map(({ address }) => address)),
    hwaddr_interfaces: hardwareAddresses(host),
  };
}

/** The name as `hostname -f` would find it, but only in files: the host's own, then `/etc/hosts`. */
function fqdnOf(host: Host): string {
  if (host.hostname.includes(".")) return host.hostname;
  for (const line of host.readText("/etc/hosts")?.split("\n") ?? []) {
    const [, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const long = names.find((name) => name.startsWith(`${host.hostname}.`));
    if (long) return long;
  }
  return host.hostname;
}

type Address = { readonly address: string; readonly family: "IPv4" | "IPv6" };

function isIpv4({ family }: Address): boolean {
  return family === "IPv4";
}

function addresses(host: Host, family: Address["family"]): string[] {
  const all = [...host.interfaces.values()].flat().filter((one) => one.family === family);
  return [...new Set(all.map(({ address }) => address))].sort();
}

function byInterface(host: Host, pick: (list: readonly Address[]) => string[]): Record<string, string[]> {
  return Object.fromEntries([...host.interfaces].map(([name, list]) => [name, pick(list)]));
}

/** From /sys where there is one, because an interface without an address has a hardware address all the same. */
function hardwareAddresses(host: Host): Record<string, string> {
  const fromSys = host.list("/sys/class/net").flatMap((name): [string, string][] => {
    const mac = host.readText(`/sys/class/net/${name}/address`)?.trim();
    return mac ? [[name, mac]] : [];
  });
  if (fromSys.length > 0) return Object.fromEntries(fromSys);
  return Object.fromEntries(
    [...host.interfaces].flatMap(([name, [first]]): [string, string][] => first ? [[name, first.mac]] : []),
  );
}
