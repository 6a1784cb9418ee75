/**
 * The peers: other programs that reach many machines at once, asked for the least that they can do. Those that are
 * installed are measured in the same run as Brine; for Salt there are figures from elsewhere to fall back on.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Figures } from "./figures.ts";
import { runCommand, type Sample, timeCommand } from "./measure.ts";
import { findProgram } from "./program.ts";
import { type SshHosts, startSshHosts } from "./sshd.ts";

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
  { count, times, directory, warmUps }: { count: number; times: number; directory: string; warmUps: number },
): Sample {
  const { words, environment } = peer.command(hosts, hosts.addresses.slice(0, count), directory);
  return timeCommand(words, { times, environment, warmUps });
}

/** How the peers are measured. */
export interface PeersOptions {
  readonly directory: string;
  readonly machines: number;
  /** Repetitions with one machine. */
  readonly peerTimes: number;
  /** Repetitions with all of them, which take their time. */
  readonly slowTimes: number;
  /** Told what comes next. */
  readonly say: (what: string) => void;
}

/** What was found: figures by name, versions and commands, and what is not installed. */
export interface PeersFound {
  readonly figures: Readonly<Record<string, Figures>>;
  readonly facts: readonly [string, string][];
  readonly notes: readonly string[];
}

/** Measures those that are installed, over sshd on loopback. */
export async function measureSshPeers(options: PeersOptions): Promise<PeersFound> {
  const { directory, machines, peerTimes, slowTimes, say } = options;
  const missing = SSH_PEERS.filter((peer) => !isInstalled(peer));
  const notes = missing.map(({ name, install }) => `${name}: not installed: ${install}`);
  const present = SSH_PEERS.filter(isInstalled);
  if (present.length === 0) return { figures: {}, facts: [], notes };
  await using hosts = await startSshHosts(machines, directory);
  if (!hosts) {
    return { figures: {}, facts: [], notes: [...notes, "sshd: not installed: apt-get install openssh-server"] };
  }

  const figures: Record<string, Figures> = {};
  const facts: [string, string][] = [];
  for (const peer of present) {
    say(`${peer.name}, 1 and ${machines} machines`);
    const run = (count: number, times: number, warmUps: number) =>
      timePeer(peer, hosts, { count, times, directory, warmUps });
    figures[peer.name] = {
      one: run(1, peerTimes, 1),
      many: run(machines, slowTimes, 0), // it is warm by now
      version: timeCommand(peer.versionWords, { times: peerTimes, environment: WITH_BYTECODE }),
    };
    facts.push([peer.name, `${versionOf(peer)}: ${peer.does}`]);
  }
  return { figures, facts, notes };
}
