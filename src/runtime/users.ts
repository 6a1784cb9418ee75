/**
 * The machine's users: what a program needs to know to run as one of them.
 *
 * `/etc/passwd` first, because it costs nothing; `getent` for those that only a directory service (LDAP, sssd) knows.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";

/** One line of the user database. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The user called `name`, or undefined where nobody is. */
export async function findUser(name: string): Promise<User | undefined> {
  // A name comes from an operator: never let it be read as an option of getent, nor cut a line in two.
  if (!/^[^\s:/-][^\s:/]*$/.test(name)) return undefined;
  const local = await readFile("/etc/passwd", "utf8").catch(() => "");
  return findUserIn(local, name) ?? findUserIn(await askNameService(name), name);
}

/** Whether this process may become anybody. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** Whether `user` is who this process already is. */
export function isOurselves(user: User): boolean {
  return process.geteuid?.() === user.uid;
}

function findUserIn(passwd: string, name: string): User | undefined {
  for (const line of passwd.split("\n")) {
    const [login, , uid, gid, , home, shell] = line.split(":");
    if (login !== name || !/^\d+$/.test(uid ?? "") || !/^\d+$/.test(gid ?? "")) continue;
    return { name, uid: Number(uid), gid: Number(gid), home: home || "/", shell: shell || "/bin/sh" };
  }
  return undefined;
}

function askNameService(name: string): Promise<string> {
  return new Promise((resolve) => {
    execFile("getent", ["passwd", name], { timeout: 5_000 }, (error, stdout) => resolve(error ? "" : stdout));
  });
}
