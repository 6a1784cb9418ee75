/**
 * What lies on disk after a run: nobody else may read it (T7), and no secret is in a log.
 *
 * @module
 */
import assert from "node:assert/strict";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Fleet } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";

test("after a run every file below the roots is 0600, every directory 0700, and no log holds a secret", async () => {
  await using fleet = await Fleet.start({ master: ["--log-level", "debug"] });
  const { token } = JSON.parse((await fleet.run("key", "token", "--json")).stdout);
  fleet.startMinion("m1", ["--token", token, "--log-level", "debug"]);
  await fleet.minion("m1").says(/hearing jobs/);
  const canary = "canary-5d41402abc4b2a76";
  const words = [`echo ${canary}; cat`, `env=PASSWORD=${canary}`, `stdin=${canary}`];
  assert.equal((await fleet.run("run", "*", "cmd.run", ...words)).code, 0);
  await fleet.run("run", "*", "cmd.script", "/no/such/script");
  await fleet.run("run", "*", "cmd.run", "head -c 3000000 /dev/zero");
  await fleet.run("run", "*", "cmd.run", "sleep 30", "--async");

  const below = [fleet.root, fleet.rootOf("m1")].flatMap(walk);
  assert.ok(below.length > 12, below.join("\n"));
  for (const path of below) {
    const stat = lstatSync(path);
    const wanted = stat.isDirectory() ? 0o700 : 0o600;
    assert.equal((stat.mode & 0o777).toString(8), wanted.toString(8), path);
  }
  const seeds = below.filter((path) => path.endsWith(".key")).flatMap((path) => {
    const { x25519, ed25519 } = JSON.parse(readFileSync(path, "utf8"));
    return [x25519, ed25519];
  });
  assert.equal(seeds.length, 6);
  for (const log of [fleet.master.stderr, fleet.minion("m1").stderr]) {
    for (const secret of [token, canary, ...seeds]) assert.ok(!log.includes(secret), `a log holds ${secret}`);
  }
});

function walk(directory: string): string[] {
  return [
    directory,
    ...readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? walk(path) : [path];
    }),
  ];
}
