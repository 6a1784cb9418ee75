/**
 * Grains about what the machine really is: hardware, a virtual machine, a container. Best effort, from /sys and /proc.
 *
 * @module
 */
import type { Host } from "../../runtime/host.ts";

/** What the vendor or product in the machine's DMI tables gives away, in Salt's words. */
const BY_DMI: readonly (readonly [pattern: RegExp, virtual: string])[] = [
  [/vmware/i, "VMware"],
  [/virtualbox|innotek/i, "VirtualBox"],
  [/microsoft corporation.*virtual machine/i, "VirtualPC"],
  [/parallels/i, "Parallels"],
  [/xen/i, "xen"],
  [/bochs|kvm|qemu|google compute|openstack|amazon ec2|digitalocean|hetzner|ovirt|rhev/i, "kvm"],
];

const CONTAINERS: ReadonlyMap<string, string> = new Map([
  ["docker", "Docker"],
  ["podman", "Podman"],
  ["lxc", "LXC"],
  ["systemd-nspawn", "systemd-nspawn"],
]);

/** `virtual`, and `virtual_subtype` in a container. */
export function virtualGrains(host: Host): Record<string, unknown> {
  const container = containerOf(host);
  if (container !== undefined) return { virtual: "container", virtual_subtype: CONTAINERS.get(container) ?? container };
  const dmi = ["sys_vendor", "product_name", "bios_vendor"]
    .map((name) => host.readText(`/sys/class/dmi/id/${name}`)?.trim() ?? "").join(" ");
  const found = BY_DMI.find(([pattern]) => pattern.test(dmi));
  if (found) return { virtual: found[1] };
  const hypervisor = host.readText("/sys/hypervisor/type")?.trim();
  if (hypervisor) return { virtual: hypervisor };
  // The processor says that something is below us, but not what; on Linux that is nearly always KVM.
  const isGuest = /^flags\s*:.*\bhypervisor\b/m.test(host.readText("/proc/cpuinfo") ?? "");
  return { virtual: isGuest ? "kvm" : "physical" };
}

function containerOf(host: Host): string | undefined {
  const named = host.readText("/run/systemd/container")?.trim() ||
    /(?:^|\0)container=([^\0]+)/.exec(host.readText("/proc/1/environ") ?? "")?.[1];
  if (named) return named;
  if (host.exists("/.dockerenv")) return "docker";
  if (host.exists("/run/.containerenv")) return "podman";
  return /\/(docker|lxc)\//.exec(host.readText("/proc/1/cgroup") ?? "")?.[1];
}
