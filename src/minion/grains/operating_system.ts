/**
 * Grains about the operating system: `os-release` in Salt's words.
 *
 * @module
 */
import type { Host } from "../../runtime/host.ts";

interface Distribution {
  readonly os: string;
  readonly family: string;
}

/** By the `ID` of os-release. Only names that differ from what `nameOf` would make of them. */
const DISTRIBUTIONS: ReadonlyMap<string, Distribution> = new Map([
  ["debian", { os: "Debian", family: "Debian" }],
  ["ubuntu", { os: "Ubuntu", family: "Debian" }],
  ["linuxmint", { os: "Mint", family: "Debian" }],
  ["raspbian", { os: "Raspbian", family: "Debian" }],
  ["kali", { os: "Kali", family: "Debian" }],
  ["pop", { os: "Pop", family: "Debian" }],
  ["devuan", { os: "Devuan", family: "Debian" }],
  ["rhel", { os: "RedHat", family: "RedHat" }],
  ["centos", { os: "CentOS", family: "RedHat" }],
  ["fedora", { os: "Fedora", family: "RedHat" }],
  ["rocky", { os: "Rocky", family: "RedHat" }],
  ["almalinux", { os: "AlmaLinux", family: "RedHat" }],
  ["ol", { os: "OEL", family: "RedHat" }],
  ["amzn", { os: "Amazon", family: "RedHat" }],
  ["sles", { os: "SUSE", family: "Suse" }],
  ["opensuse-leap", { os: "SUSE", family: "Suse" }],
  ["opensuse-tumbleweed", { os: "SUSE", family: "Suse" }],
  ["arch", { os: "Arch", family: "Arch" }],
  ["manjaro", { os: "Manjaro", family: "Arch" }],
  ["alpine", { os: "Alpine", family: "Alpine" }],
  ["gentoo", { os: "Gentoo", family: "Gentoo" }],
  ["void", { os: "Void", family: "Void" }],
  ["nixos", { os: "NixOS", family: "NixOS" }],
]);

/** The first of these that is there is what installs packages. */
const PACKAGE_MANAGERS = ["apt-get", "dnf", "yum", "zypper", "apk", "pacman", "emerge", "xbps-install", "nix-env"];

/** `kernel`, `os`, `os_family`, `osrelease` and their kin. */
export function operatingSystemGrains(host: Host): Record<string, unknown> {
  const { sysname, release, machine } = host.uname;
  const found = sysname === "Linux" ? linux(host) : {
    os: sysname === "Darwin" ? "MacOS" : sysname,
    os_family: sysname === "Darwin" ? "MacOS" : sysname,
    osfullname: sysname,
    osrelease: release,
    oscodename: "",
    osarch: machine,
  };
  const [major = ""] = found.osrelease.split(".", 1);
  return {
    kernel: sysname,
    kernelrelease: release,
    ...found,
    osmajorrelease: /^\d+$/.test(major) ? Number(major) : major,
    osfinger: `${found.osfullname}-${found.os === "Ubuntu" ? found.osrelease : major}`,
    osrelease_info: found.osrelease.split(".").map((part) => /^\d+$/.test(part) ? Number(part) : part),
    pkg_manager: PACKAGE_MANAGERS.find((name) => host.exists(`/usr/bin/${name}`) || host.exists(`/sbin/${name}`)) ?? "",
  };
}

function linux(host: Host) {
  const facts = parseOsRelease(host.readText("/etc/os-release") ?? host.readText("/usr/lib/os-release") ?? "");
  const id = facts.get("ID") ?? "linux";
  const like = (facts.get("ID_LIKE") ?? "").split(" ").map((other) => DISTRIBUTIONS.get(other)?.family);
  const name = facts.get("NAME") ?? "Linux";
  const { os, family } = DISTRIBUTIONS.get(id) ??
    { os: name.replace(/\s+(GNU\/)?Linux$/i, ""), family: like.find(Boolean) ?? name };
  return {
    os: facts.get("NAME") === "CentOS Stream" ? "CentOS Stream" : os,
    os_family: family,
    osfullname: name.replace(/\s+GNU\/Linux$/, ""),
    osrelease: facts.get("VERSION_ID") ?? host.uname.release,
    oscodename: facts.get("VERSION_CODENAME") ?? facts.get("PRETTY_NAME") ?? "",
    osarch: family === "Debian" ? debianArchitecture(host.uname.machine) : host.uname.machine,
  };
}

function parseOsRelease(text: string): Map<string, string> {
  const facts = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, key, value] = /^([A-Z_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (key !== undefined && value !== undefined) {
      facts.set(key, value.replace(/^(["'])(.*)\1$/, "$2").replace(/\\(.)/g, "$1"));
    }
  }
  return facts;
}

/** What `dpkg --print-architecture` says on such a machine. */
function debianArchitecture(machine: string): string {
  switch (machine) {
    case "x86_64":
      return "amd64";
    case "aarch64":
      return "arm64";
    case "i686":
      return "i386";
    case "armv7l":
      return "armhf";
    case "ppc64le":
      return "ppc64el";
    default:
      return machine;
  }
}
