/**
 * A process and all that it started, as one thing that can be ended.
 *
 * A child that is started in a group of its own shares the group's number with its whole offspring, save those that
 * leave it on purpose (daemons that call `setsid`).
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import process from "node:process";

const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 200;

/** Sends `signal` to every process of the group; false when none is left. */
export function signalGroup(groupId: number, signal: "SIGTERM" | "SIGKILL" | 0): boolean {
  if (groupId <= 1) return false; // 0 is our own group, -1 would be every process of the machine
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (cause) {
    // EPERM: the group lives but became somebody else's (a set-uid program). We can do no more than wait.
    return (cause as { code?: string }).code === "EPERM";
  }
}

/** SIGTERM, then SIGKILL to whatever is left after `graceMs`. Resolves when the group is gone or was killed. */
export async function endGroup(groupId: number, graceMs: number): Promise<void> {
  const killAtMs = performance.now() + graceMs;
  if (!signalGroup(groupId, "SIGTERM")) return;
  for (let pollMs = FIRST_POLL_MS;; pollMs = Math.min(2 * pollMs, MAX_POLL_MS)) {
    const leftMs = killAtMs - performance.now();
    if (leftMs <= 0) break;
    await new Promise((resolve) => setTimeout(resolve, Math.min(pollMs, leftMs)));
    if (!(await isGroupAlive(groupId))) return;
  }
  signalGroup(groupId, "SIGKILL");
}

/** Whether the group has a member that still runs. Dead ones that init has not collected yet do not count. */
async function isGroupAlive(groupId: number): Promise<boolean> {
  if (!signalGroup(groupId, 0)) return false;
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return true; // no /proc to ask: believe the signal
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // The name in parentheses may hold anything, so read from the last one: state, parent, group.
    const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(group) === groupId && state !== "Z" && state !== "X") return true;
  }
  return false;
}
