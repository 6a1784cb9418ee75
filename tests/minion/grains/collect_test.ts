import assert from "node:assert/strict";
import { collectGrains } from "../../../src/minion/grains/collect.ts";
import { type Host, thisHost } from "../../../src/runtime/host.ts";
import { runtimeName, test } from "../../kit/test.ts";

const UBUNTU = 'NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n';

function hostWith(files: Record<string, string>, changes: Partial<Host> = {}): Host {
  return {
    uname: { sysname: "Linux", release: "6.8.0-40-generic", machine: "x86_64" },
    hostname: "web01",
    totalMemoryBytes: 8_331_000_000,
    cpus: [{ model: "Fast" }, { model: "Fast" }],
    interfaces: new Map([
      ["lo", [{ address: "127.0.0.1", family: "IPv4", mac: "00:00:00:00:00:00" }]],
      ["eth0", [
        { address: "10.0.0.7", family: "IPv4", mac: "02:00:00:00:00:07" },
        { address: "fe80::7", family: "IPv6", mac: "02:00:00:00:00:07" },
      ]],
    ]),
    pid: 4711,
    runtime: "bun 1.4.5",
    timeZone: "Europe/Berlin",
    variable: (name) => ({ PATH: "/usr/bin:/bin", LANG: "de_DE.UTF-8" })[name],
    readText: (path) => Object.hasOwn(files, path) ? files[path] : undefined,
    list: (
      path,
    ) => [
      ...new Set(
        Object.keys(files).filter((f) => f.startsWith(`${path}/`)).map((f) =>
          f.slice(path.length + 1).split("/")[0] ?? ""
        ),
      ),
    ],
    exists: (path) => Object.keys(files).some((file) => file === path || file.startsWith(`${path}/`)),
    ...changes,
  };
}

function grainsOf(files: Record<string, string>, changes: Partial<Host> = {}) {
  return collectGrains({ host: hostWith(files, changes), id: "web01.example.org", version: "0.1.0" });
}

test("collectGrains() describes a machine under Salt's names", () => {
  const grains = grainsOf({
    "/etc/os-release": UBUNTU,
    "/etc/hosts": "127.0.0.1 localhost\n10.0.0.7 web01.example.org web01 # us\n",
    "/run/systemd/system/x": "",
    "/usr/bin/apt-get": "",
    "/sys/class/net/eth0/address": "02:00:00:00:00:07\n",
    "/sys/class/net/down0/address": "02:00:00:00:00:99\n",
    "/proc/cpuinfo": "flags\t\t: fpu vme\n",
  });
  const wanted: Record<string, unknown> = {
    id: "web01.example.org",
    host: "web01",
    nodename: "web01",
    fqdn: "web01.example.org",
    domain: "example.org",
    kernel: "Linux",
    kernelrelease: "6.8.0-40-generic",
    os: "Ubuntu",
    os_family: "Debian",
    osfullname: "Ubuntu",
    osrelease: "24.04",
    osmajorrelease: 24,
    osrelease_info: [24, 4],
    osfinger: "Ubuntu-24.04",
    oscodename: "noble",
    osarch: "amd64",
    cpuarch: "x86_64",
    num_cpus: 2,
    cpu_model: "Fast",
    mem_total: 7945,
    ipv4: ["10.0.0.7", "127.0.0.1"],
    ipv6: ["fe80::7"],
    ip_interfaces: { lo: ["127.0.0.1"], eth0: ["10.0.0.7", "fe80::7"] },
    ip4_interfaces: { lo: ["127.0.0.1"], eth0: ["10.0.0.7"] },
    ip6_interfaces: { lo: [], eth0: ["fe80::7"] },
    hwaddr_interfaces: { down0: "02:00:00:00:00:99", eth0: "02:00:00:00:00:07" },
    virtual: "physical",
    init: "systemd",
    pkg_manager: "apt-get",
    locale_info: { defaultlanguage: "de_DE", defaultencoding: "UTF-8", timezone: "Europe/Berlin" },
    timezone: "Europe/Berlin",
    pid: 4711,
    path: "/usr/bin:/bin",
    brineversion: "0.1.0",
    runtime: "bun 1.4.5",
  };
  for (const [name, want] of Object.entries(wanted)) assert.deepEqual(grains[name], want, name);
});

const DISTRIBUTIONS: { release: string; want: [os: string, family: string, osrelease: string] }[] = [
  { release: 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"', want: ["Debian", "Debian", "12"] },
  { release: 'NAME="Rocky Linux"\nID="rocky"\nVERSION_ID="9.4"', want: ["Rocky", "RedHat", "9.4"] },
  { release: 'NAME="Red Hat Enterprise Linux"\nID="rhel"\nVERSION_ID="9.4"', want: ["RedHat", "RedHat", "9.4"] },
  { release: 'NAME="CentOS Stream"\nID="centos"\nVERSION_ID="9"', want: ["CentOS Stream", "RedHat", "9"] },
  { release: 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.1', want: ["Alpine", "Alpine", "3.20.1"] },
  { release: 'NAME="SLES"\nID="sles"\nVERSION_ID="15.6"', want: ["SUSE", "Suse", "15.6"] },
  { release: "NAME='New OS'\nID=new\nID_LIKE=\"foo rhel\"\nVERSION_ID=1", want: ["New OS", "RedHat", "1"] },
  { release: "NAME=Odd\nID=constructor\nVERSION_ID=1", want: ["Odd", "Odd", "1"] },
];
for (const { release, want } of DISTRIBUTIONS) {
  test(`collectGrains() knows ${want[0]} ${want[2]}`, () => {
    const { os, os_family, osrelease } = grainsOf({ "/etc/os-release": release }) as Record<string, unknown>;
    assert.deepEqual([os, os_family, osrelease], want);
  });
}

const VIRTUAL: { name: string; files: Record<string, string>; want: [string, unknown] }[] = [
  { name: "hardware", files: {}, want: ["physical", undefined] },
  { name: "KVM by its DMI", files: { "/sys/class/dmi/id/sys_vendor": "QEMU\n" }, want: ["kvm", undefined] },
  { name: "VMware", files: { "/sys/class/dmi/id/product_name": "VMware7,1\n" }, want: ["VMware", undefined] },
  {
    name: "a guest by its processor",
    files: { "/proc/cpuinfo": "flags : fpu hypervisor lm\n" },
    want: ["kvm", undefined],
  },
  { name: "Docker", files: { "/.dockerenv": "" }, want: ["container", "Docker"] },
  { name: "LXC", files: { "/proc/1/environ": "A=1\0container=lxc\0" }, want: ["container", "LXC"] },
];
for (const { name, files, want } of VIRTUAL) {
  test(`collectGrains() recognises ${name}`, () => {
    const grains = grainsOf(files);
    assert.deepEqual([grains["virtual"], grains["virtual_subtype"]], want);
  });
}

test("collectGrains() lets the operator's grains win, and cannot be changed afterwards", () => {
  const custom = { roles: ["web"], os: "Mine" };
  const grains = collectGrains({ host: hostWith({}), id: "a", version: "1", custom });
  assert.deepEqual([grains["roles"], grains["os"], grains["id"]], [["web"], "Mine", "a"]);
  assert.ok(Object.isFrozen(grains));
});

test("collectGrains() works on a machine that tells nothing", () => {
  const grains = grainsOf({}, { cpus: [], interfaces: new Map(), variable: () => undefined });
  assert.equal(grains["cpu_model"], "unknown");
  assert.deepEqual(grains["ipv4"], []);
  assert.equal(grains["init"], "unknown");
});

test("collectGrains() describes the machine that this test runs on", () => {
  const grains = collectGrains({ host: thisHost(), id: "here", version: "0.1.0" });
  assert.ok(String(grains["runtime"]).startsWith(`${runtimeName} `));
  assert.ok(Number(grains["mem_total"]) > 0 && Number(grains["num_cpus"]) > 0);
  assert.ok((grains["ipv4"] as string[]).includes("127.0.0.1"));
  assert.deepEqual(JSON.parse(JSON.stringify(grains)), { ...grains }, "grains are plain data");
});
