/**
 * The peers: other programs that reach many machines at once, asked for the least that they can do. Those that are
 * installed are measured in the same run as Brine; for Salt there are figures from elsewhere to fall back on.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand, type Sample, timeCommand } from "./measure.ts";
import { findProgram } from "./program.ts";
import type { SshHosts } from "./sshd.ts";

/** A program to compare with, over ssh. */
export interface SshPeer {
  readonly name: string;
  readonly install: string;
  /** What is run, as a person would type it. */
  readonly does: string;
  readonly versionWords: readonly string[];
  command(hosts: SshHosts, addresses: readonly string[], directory: string): PeerCommand;
}

interface PeerCommand {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Python writes no bytecode where this is set; a peer must not pay for that. */
const WITH_BYTECODE = { PYTHONDONTWRITEBYTECODE: undefined };

/** clush, pdsh and Ansible, with as many logins at once as they are asked for. */
export const SSH_PEERS: readonly SshPeer[] = [
  {
    name: "clush",
    install: "apt-get install clustershell",
    does: "clush -f 64 -w HOSTS true",
    versionWords: ["clush", "--version"],
    command: ({ clientConfig }, addresses) => ({
      words: ["clush", "-q", "-f", "64", "-o", `-F ${clientConfig}`, "-w", addresses.join(","), "true"],
      environment: WITH_BYTECODE,
    }),
  },
  {
    name: "pdsh",
    install: "apt-get install pdsh",
    does: "pdsh -R ssh -f 64 -w HOSTS true",
    versionWords: ["pdsh", "-V"],
    command: ({ clientConfig }, addresses) => ({
      words: ["pdsh", "-S", "-R", "ssh", "-f", "64", "-w", addresses.join(","), "true"],
      environment: { PDSH_SSH_ARGS_APPEND: `-F ${clientConfig}` },
    }),
  },
  {
    name: "Ansible",
    install: "apt-get install ansible",
    does: "ansible all -f 50 -m ping",
    versionWords: ["ansible", "--version"],
    command: ({ clientConfig }, addresses, directory) => {
      const inventory = join(directory, `inventory.${addresses.length}`);
      const config = join(directory, "ansible.cfg");
      writeFileSync(inventory, addresses.join("\n") + "\n");
      writeFileSync(config, ansibleLines(clientConfig, directory).join("\n") + "\n");
      return {
        words: ["ansible", "all", "-i", inventory, "-f", "50", "-m", "ping"],
        environment: { ...WITH_BYTECODE, ANSIBLE_CONFIG: config },
      };
    },
  },
];

function ansibleLines(clientConfig: string, directory: string): string[] {
  return [
    "[defaults]",
    "host_key_checking = False",
    "interpreter_python = /usr/bin/python3",
    `local_tmp = ${directory}/ansible-local`,
    `remote_tmp = ${directory}/ansible-remote`,
    "[ssh_connection]",
    // Every run logs in anew, as clush and pdsh do; no connection outlives its run.
    `ssh_args = -F ${clientConfig} -o ControlMaster=no`,
  ];
}

/** Whether a peer can be run here. */
export function isInstalled({ versionWords: [program = ""] }: SshPeer): boolean {
  return findProgram(program) !== undefined;
}

/** The first line that the peer says of itself. */
export function versionOf({ versionWords }: SshPeer): string {
  const [first = ""] = runCommand(versionWords).split("\n");
  return first.trim();
}

/** Start to exit of the peer on the first `count` hosts. */
export function timePeer(
  peer: SshPeer,
  hosts: SshHosts,
  { count, times, directory }: { count: number; times: number; directory: string },
): Sample {
  const { words, environment } = peer.command(hosts, hosts.addresses.slice(0, count), directory);
  return timeCommand(words, { times, environment });
}

/** What Brine is compared with, in the order of the report. */
export interface Figures {
  /** Milliseconds from the client's start to its exit, one machine. */
  readonly one?: Sample;
  /** The same, fifty machines. */
  readonly many?: Sample;
  /** Milliseconds to say its version. */
  readonly version?: Sample;
  /** Jobs a second, one process each. */
  readonly jobs?: Sample;
  /** MiB, RSS, of the master and of one minion. */
  readonly masterRss?: Sample;
  readonly minionRss?: Sample;
  readonly masterPss?: Sample;
  readonly minionPss?: Sample;
  /** Milliseconds from start until fifty answer. */
  readonly start?: Sample;
}

/** What {@link SALT_3006} is, for the report. */
export const SALT_ORIGIN = "Salt 3006.0, measured elsewhere, by us, on a similar machine (two cores), November 2026";

const elsewhere = (value: number): Sample => ({ median: value, min: value, max: value, count: 0 });

/** Salt where it is not installed: {@link SALT_ORIGIN}, with one and with fifty real minion processes. */
export const SALT_3006: Figures = {
  one: elsewhere(660),
  many: elsewhere(2_340),
  version: elsewhere(300),
  jobs: elsewhere(5.8),
  masterRss: elsewhere(710),
  masterPss: elsewhere(229),
  minionRss: elsewhere(89),
  minionPss: elsewhere(58),
  start: elsewhere(61_000),
};
