/**
 * Machines for the peers that log in: sshd on the loopback addresses 127.0.1.1 and on, with a configuration, host key
 * and user key of its own in one directory. Nothing in /etc/ssh or ~/.ssh is read or changed.
 *
 * @module
 */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { findProgram } from "./program.ts";
import { Daemons } from "./daemons.ts";
import { runCommand, until } from "./measure.ts";

/** An sshd takes at most this many addresses. */
const ADDRESSES_PER_SSHD = 16;

/** sshd insists on this one when root starts it. */
const PRIVILEGE_SEPARATION = "/run/sshd";

/** Hosts that can be logged in to. */
export interface SshHosts extends AsyncDisposable {
  /** Their addresses. */
  readonly addresses: readonly string[];
  /** For `ssh -F`. */
  readonly clientConfig: string;
}

/** Starts as many hosts; undefined when there is no sshd on this machine. */
export async function startSshHosts(count: number, directory: string): Promise<SshHosts | undefined> {
  const sshd = findProgram("sshd");
  if (!sshd || !findProgram("ssh") || !findProgram("ssh-keygen")) return undefined;
  mkdirSync(directory, { mode: 0o700 });
  const at = (name: string) => join(directory, name);
  for (const key of ["host_key", "user_key"]) {
    runCommand(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(key)]);
  }
  runCommand(["cp", at("user_key.pub"), at("authorized_keys")]);
  const addresses = Array.from({ length: count }, (_, index) => `127.0.1.${index + 1}`);
  const port = await freePort();
  const clientConfig = at("ssh_config");
  writeFileSync(clientConfig, clientLines({ port, directory }).join("\n") + "\n");

  const madeDirectory = process.getuid?.() === 0 && !existsSync(PRIVILEGE_SEPARATION);
  if (madeDirectory) mkdirSync(PRIVILEGE_SEPARATION, { mode: 0o755 });
  const daemons = new Daemons();
  const end = async () => {
    await daemons[Symbol.asyncDispose]();
    if (madeDirectory) rmdirSync(PRIVILEGE_SEPARATION);
  };
  try {
    for (let start = 0; start < count; start += ADDRESSES_PER_SSHD) {
      const config = at(`sshd_config.${start}`);
      const some = addresses.slice(start, start + ADDRESSES_PER_SSHD);
      writeFileSync(config, serverLines({ port, directory, addresses: some }).join("\n") + "\n");
      daemons.start([sshd, "-D", "-e", "-f", config], at(`sshd.${start}.log`));
    }
    await until("sshd that lets us in", 10_000, () => addresses.every((address) => canLogIn(address, clientConfig)));
    return { addresses, clientConfig, [Symbol.asyncDispose]: end };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

function serverLines(
  { port, directory, addresses }: { port: number; directory: string; addresses: readonly string[] },
): string[] {
  return [
    `Port ${port}`,
    ...addresses.map((address) => `ListenAddress ${address}`),
    `HostKey ${directory}/host_key`,
    `AuthorizedKeysFile ${directory}/authorized_keys`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no", // the directory is below /tmp
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "MaxStartups 500", // or it drops logins that come together
    "UseDNS no",
    "LogLevel ERROR",
  ];
}

function clientLines({ port, directory }: { port: number; directory: string }): string[] {
  return [
    "Host *",
    `  Port ${port}`,
    `  IdentityFile ${directory}/user_key`,
    "  IdentitiesOnly yes",
    "  BatchMode yes",
    "  StrictHostKeyChecking no",
    "  UserKnownHostsFile /dev/null",
    "  GlobalKnownHostsFile /dev/null",
    "  LogLevel ERROR",
  ];
}

function canLogIn(address: string, clientConfig: string): boolean {
  try {
    runCommand(["ssh", "-F", clientConfig, address, "true"]);
    return true;
  } catch {
    return false; // not yet: until() has the limit
  }
}

/** A port that nothing listens on now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
