/** What is private stays private: on disk, and in what is logged. @module */
import assert from "node:assert/strict";
import { lstatSync, readdirSync } from "node:fs";
import { openIdentity } from "../../src/crypto/identity.ts";
import { join, readTextIfThere } from "../../src/runtime/files.ts";
import { startFleet } from "../kit/fleet.ts";
import { test } from "../kit/test.ts";
import { EventLog, leaveLine, run } from "./kit.ts";
import { acceptedPeer } from "./peers.ts";

test("T7: after a full run all files are 0600, all directories 0700, and no log or event holds a secret", async () => {
  await using fleet = await startFleet({ minions: 2, hasLogFile: true });
  const brine = await fleet.client();
  await using events = await EventLog.open(fleet);
  const secrets = new Map<string, Uint8Array | string>();
  const token = await brine.makeToken({ ttlMs: 60_000, uses: 2 });
  secrets.set("a token", token);
  secrets.set("a used token", await brine.makeToken({ ttlMs: 60_000 }));
  await using insider = await acceptedPeer(fleet, "insider");
  const welcome = await insider.told("welcome");
  for (const { key } of welcome.epochs) secrets.set("an epoch's key", key);
  secrets.set("a ticket", welcome.ticket);
  await fleet.addMinion("m3", { token });
  await fleet.addMinion("m4", { token, isAwaited: false, masterFinger: "0000-0000" }); // told to nobody
  await fleet.untilUp(["m3"]);
  await run(brine, { target: "m*", function: "cmd.run", arguments: [leaveLine(fleet.minionPaths("m1").lib)] });
  const { summary } = await run(brine, { target: "m*", function: "cmd.script", arguments: ["#!/bin/sh\necho hi\n"] });
  assert.equal(summary.expected.length, 3);
  await brine.changeKeys("reject", ["insider"]);
  await brine.changeKeys("delete", ["m3"]);
  await fleet.untilLogged("m4", /Cannot trust this master/);
  const keyFiles = [
    fleet.paths.masterKey,
    fleet.paths.operatorKey,
    ...["m1", "m2", "m3", "m4"].map((id) => fleet.minionPaths(id).minionKey),
  ];
  for (const path of keyFiles) {
    const { agreement, signing } = openIdentity(path);
    secrets.set(`${path} agreement`, agreement.seed).set(`${path} signing`, signing.seed);
  }

  const logs = [...fleet.logged(), readTextIfThere(fleet.logFile) ?? assert.fail("no log file")].join("\n");
  const told = JSON.stringify(events.events, (_, value) => value instanceof Uint8Array ? [...value].join() : value);
  assert.match(logs, /key of minion insider rejected/);
  for (const [name, secret] of secrets) {
    for (const text of spellings(secret)) {
      assert.ok(!logs.includes(text), `a log holds ${name}`);
      assert.ok(!told.includes(text), `an event holds ${name}`);
    }
  }

  const wrong: string[] = [];
  const look = (path: string) => {
    const stat = lstatSync(path);
    const mode = stat.mode & 0o777;
    if (stat.isDirectory()) { for (const name of readdirSync(path)) look(join(path, name)); }
    const isOwn = !path.endsWith("/lines"); // the command made that one, as its umask says
    if (isOwn && mode !== (stat.isDirectory() ? 0o700 : 0o600)) wrong.push(`${mode.toString(8)} ${path}`);
  };
  look(fleet.root);
  assert.deepEqual(wrong, []);
});

/** How a secret might appear in text. */
function spellings(secret: Uint8Array | string): string[] {
  if (typeof secret === "string") return [secret];
  const hex = [...secret].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const base64 = btoa(String.fromCharCode(...secret)).replace(/=+$/, "");
  return [hex, base64, base64.replaceAll("+", "-").replaceAll("/", "_"), [...secret].join()];
}
