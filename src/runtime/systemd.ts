/**
 * Telling systemd how we are, when it is what started us (sd_notify(3)). Neither runtime can send a Unix datagram, so
 * systemd's own `systemd-notify` does it; the units therefore say `NotifyAccess=all`.
 *
 * @module
 */
import process from "node:process";
import { spawn } from "./spawn.ts";

/** Sends a state such as `READY=1`; nothing happens where nobody listens. */
export async function tellSystemd(state: string): Promise<void> {
  if (!process.env["NOTIFY_SOCKET"]) return;
  await spawn(["systemd-notify", `--pid=${process.pid}`, state], { timeoutMs: 5_000 }).catch(() => {});
}
