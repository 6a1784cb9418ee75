/**
 * `brine key` and what a key is worth: tokens, rejection, deletion, and a master that is not the one it was.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Fleet } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

const FINGERPRINT = /^([0-9a-z]{4}-){7}[0-9a-z]{4}$/;

async function keysOf(fleet: Fleet) {
  return JSON.parse((await fleet.run("key", "list", "--json")).stdout);
}

test("brine key accept, reject and delete take names, globs and --all", async () => {
  await using fleet = await Fleet.start();
  for (const id of ["web1", "web2", "db1", "db2"]) fleet.startMinion(id);
  await until("four pending keys", async () => (await keysOf(fleet)).minions.pending.length === 4);

  const globbed = await fleet.run("key", "accept", "web*", "--json");
  assert.deepEqual([globbed.code, JSON.parse(globbed.stdout)], [0, { accepted: ["web1", "web2"] }]);
  assert.equal((await fleet.run("key", "reject", "db1")).stdout, "rejected: db1 (1)\n");
  assert.deepEqual((await keysOf(fleet)).minions, { accepted: ["web1", "web2"], pending: ["db2"], rejected: ["db1"] });
  assert.equal((await fleet.run("key", "accept", "--all")).stdout, "accepted: db2 (1)\n");
  assert.equal((await fleet.run("key", "accept", "--all")).stdout, "nothing to accept\n");
  assert.equal((await fleet.run("key", "accept", "db1")).stdout, "accepted: db1 (1)\n"); // named whole
  assert.equal((await fleet.run("key", "delete", "web[1-2]")).stdout, "deleted: web[1-2] (2)\n");
  await until("the deleted to be pending again", async () => (await keysOf(fleet)).minions.pending.length === 2);

  const { stdout } = await fleet.run("key", "list");
  assert.match(stdout, /^ID +ROLE +STATE +SINCE +FINGERPRINT\ndb1 +minion +accepted +/);
  const fingers = JSON.parse((await fleet.run("key", "finger", "--json")).stdout);
  assert.match(fingers.master, FINGERPRINT);
  assert.match(fingers.minions.db1, FINGERPRINT);
  assert.match(fleet.minion("db1").stderr, new RegExp(fingers.minions.db1));
  assert.deepEqual(Object.keys(JSON.parse((await fleet.run("key", "finger", "db*", "--json")).stdout).minions), [
    "db1",
    "db2",
  ]);
});

test("a token lets one minion in, from the command line, a file or the environment, and no second one", async () => {
  await using fleet = await Fleet.start();
  const token = async (...words: string[]) =>
    JSON.parse((await fleet.run("key", "token", "--ttl", "1h", ...words, "--json")).stdout).token;
  const first = await token();
  fleet.startMinion("m1", ["--token", first]);
  await fleet.minion("m1").says(/hearing jobs/);
  const late = fleet.startMinion("m2", ["--token", first]);
  await late.says(/the token is unknown, used up or expired/);

  const file = fleet.directory.join("token");
  writeFileSync(file, `${await token("--uses", "2")}\n`, { mode: 0o600 });
  fleet.startMinion("m3", ["--token-file", file]);
  await fleet.minion("m3").says(/hearing jobs/);
  fleet.startMinion("m4", [], { env: { BRINE_TOKEN: readFileSync(file, "utf8").trim() } });
  await fleet.minion("m4").says(/hearing jobs/);
  assert.deepEqual((await keysOf(fleet)).minions, { accepted: ["m1", "m3", "m4"], pending: [], rejected: [] });
  // No command that a minion runs can read the token.
  const { stdout } = await fleet.run("run", "m4", "cmd.run", "env | grep BRINE_TOKEN || echo none", "--out", "txt");
  assert.equal(stdout, "m4: none\n");
});

test("a rejected minion is put out at once, says so once, and comes back when it is accepted", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  await fleet.run("key", "reject", "m1");
  const minion = fleet.minion("m1");
  await minion.says(/the master rejects this minion: its key was rejected on the master; it goes on trying/);
  const refused = await fleet.run("run", "*", "test.ping");
  assert.deepEqual([refused.code, refused.stdout], [2, ""]);
  await fleet.run("key", "accept", "m1");
  await until("the minion to be back", async () => (await fleet.run("run", "*", "test.ping", "-t", "5")).code === 0);
});

test("a changed master key is refused loudly, with both fingerprints and the way out", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const fingerOf = async () => JSON.parse((await fleet.run("key", "finger", "--json")).stdout).master;
  const before = await fingerOf();
  await fleet.master[Symbol.asyncDispose]();
  renameSync(fleet.root, `${fleet.root}.old`); // installed anew
  await fleet.startMaster();
  const after = await fingerOf();
  assert.notEqual(before, after);

  const minion = fleet.minion("m1");
  await minion.says(/THE MASTER'S KEY HAS CHANGED/, 20_000);
  const line = minion.stderr.split("\n").find((text) => text.includes("HAS CHANGED")) ?? "";
  const pin = `${fleet.rootOf("m1")}/etc/brine/pki/minion/master.pub`;
  for (const part of [before, after, pin, "brine key finger", " error "]) assert.ok(line.includes(part), part);
  assert.equal(minion.hasEnded, false);
  assert.deepEqual((await keysOf(fleet)).minions.pending, []); // it told the stranger nothing

  // The way out is the way out.
  rmSync(pin);
  await minion[Symbol.asyncDispose]();
  fleet.startMinion("m1");
  await fleet.accept("m1");
  const pinned = fleet.startMinion("m2", ["--master-finger", before]);
  await pinned.says(new RegExp(`its fingerprint is ${after}, but master_finger is ${before}`));
});
