/**
 * `brine run`: targets, formats, exit codes, and how one stops waiting.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { parse as parseYaml } from "yaml";
import { BRINE, Fleet } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

test("brine run folds equal answers, and prints each format that --out names", async () => {
  await using fleet = await Fleet.start({ minions: ["web1", "web2", "db1"] });
  const folded = await fleet.run("run", "*", "cmd.run", "echo hi");
  assert.match(folded.stdout, /^db1,web\[1-2\] \(3\): hi\n3 of 3 answered in \d+ ms\n$/);
  assert.deepEqual([folded.code, folded.stderr], [0, ""]);

  const out = async (format: string) => (await fleet.run("run", "*", "test.echo", "hi", "--out", format)).stdout;
  assert.match(await out("nested"), /^db1:\n {4}hi\nweb1:\n {4}hi\nweb2:\n {4}hi\n/);
  assert.equal(await out("txt"), "db1: hi\nweb1: hi\nweb2: hi\n");
  assert.match(await out("table"), /^MINION +EXIT +TOOK +RESULT\ndb1 +0 +\d+ ms +hi\n/);
  assert.equal(parseYaml(await out("yaml")).returns.db1.return, "hi");
  assert.equal(JSON.parse(await out("json")).returns.db1.return, "hi");

  const lines = (await fleet.run("run", "*", "test.echo", "hi", "--ndjson")).stdout.trimEnd().split("\n");
  const parsed = lines.map((line) => JSON.parse(line));
  assert.deepEqual(parsed.slice(0, 3).map(({ minion }) => minion).sort(), ["db1", "web1", "web2"]);
  assert.deepEqual([parsed.length, parsed[3].missing, parsed[3].ledger.returned], [4, [], 3]);

  const who = async (...words: string[]) => {
    const { stdout } = await fleet.run("run", ...words, "test.ping", "--json");
    return JSON.parse(stdout).expected.join(" ");
  };
  assert.equal(await who("web*"), "web1 web2");
  assert.equal(await who("web[1-9]"), "web1 web2");
  assert.equal(await who("-L", "web2,db1"), "db1 web2");
  assert.equal(await who("-E", "^(web|db)1$"), "db1 web1");
  assert.equal(await who("-C", "* and not web*"), "db1");
  assert.equal(await who("-G", "id:web*"), "web1 web2");
  const list = await fleet.run("run", "-L", "web1,web8,web9", "test.ping");
  assert.deepEqual([list.code, list.stderr], [0, "brine: no minion with an accepted key is called web[8-9]\n"]);
  assert.equal((await fleet.run("run", "web*", "test.ping", "--preview")).stdout, "web[1-2] (2)\n");
});

test("brine run exits with 1 for a failure, 3 for silence, 2 for nobody, and says so", async () => {
  await using fleet = await Fleet.start({ minions: ["m1", "m2"] });
  const failed = await fleet.run("run", "*", "test.fail", "7", "no luck");
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /^m\[1-2\] \(2\) \(exit 7\): no luck\n2 of 2 answered in .*, 2 failed\n$/);
  const half = await fleet.run("run", "*", "cmd.run", `mkdir ${fleet.directory.join("once")}`, "--json");
  const { ledger } = JSON.parse(half.stdout);
  assert.deepEqual([half.code, ledger.failed, ledger.returned], [1, 1, 1]);

  const startedAt = performance.now();
  const slow = await fleet.run("run", "*", "test.sleep", "20", "-t", "0.8");
  assert.equal(slow.code, 3);
  assert.match(slow.stdout, /^m\[1-2\] \(2\): did not answer: still running since \d\d:\d\d:\d\d\n0 of 2 answered/);
  assert.ok(performance.now() - startedAt < 5_000);

  assert.equal((await fleet.run("run", "nobody*", "test.ping")).code, 2);
  await fleet.minion("m2")[Symbol.asyncDispose]();
  await until("m2 to be down", async () => /m2 +down/.test((await fleet.run("minions")).stdout));
  const down = await fleet.run("run", "*", "test.ping");
  assert.equal(down.code, 3);
  assert.match(down.stdout, /^m1: true\nm2: did not answer: unreachable since \d\d:\d\d:\d\d\n1 of 2 answered/);
});

test("Ctrl-C leaves brine run with 130, says who is at work, and the job goes on", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const mark = fleet.directory.join("mark");
  await using client = fleet.start("run", "*", "cmd.run", `sleep 1; echo done > ${mark}; echo finished`);
  const jid = await until(
    "the job",
    async () => JSON.parse((await fleet.run("jobs", "list", "--json")).stdout)[0]?.jid,
  );
  client.kill("SIGINT");
  const { code, stderr, stdout } = await client.ended;
  assert.equal(code, 130);
  assert.equal(
    stderr,
    `brine: interrupted: m1 (1) still at work; the job goes on: brine jobs attach ${jid}, brine jobs kill ${jid}\n`,
  );
  assert.match(stdout, /^m1: did not answer/);
  const attached = await fleet.run("jobs", "attach", jid, "--json");
  assert.deepEqual([attached.code, JSON.parse(attached.stdout).returns.m1.return], [0, "finished"]);
});

test("brine jobs lists, shows, names the missing of, and kills jobs", async () => {
  await using fleet = await Fleet.start({ minions: ["m1", "m2"] });
  const started = await fleet.run("run", "*", "cmd.run", "sleep 60", "--async");
  const jid = started.stdout.trim();
  assert.deepEqual([started.code, started.stderr], [0, ""]);
  assert.match(jid, /^\d{17}-[a-z0-9]{6}$/);
  const json = await fleet.run("run", "m1", "test.ping", "--async", "--json");
  const second = JSON.parse(json.stdout).jid;

  const list = JSON.parse((await fleet.run("jobs", "list", "--json")).stdout);
  assert.deepEqual(list.map((job: { jid: string }) => job.jid), [second, jid]);
  assert.match((await fleet.run("jobs", "list")).stdout, new RegExp(`${jid} .*cmd.run sleep 60 +0/2\n`));

  const shown = await fleet.run("jobs", "show", jid, "--json");
  assert.deepEqual([shown.code, JSON.parse(shown.stdout).missing], [3, ["m1", "m2"]]);
  const missing = await fleet.run("jobs", "missing", jid);
  assert.equal(missing.code, 3);
  assert.match(missing.stdout, /^m1: .+\nm2: .+\n$/);

  const killed = await fleet.run("jobs", "kill", jid);
  assert.equal(killed.stdout, `ended: m[1-2] (2); see brine jobs show ${jid}\n`);
  const after = await fleet.run("jobs", "attach", jid, "--json");
  const { returns, ledger } = JSON.parse(after.stdout);
  assert.deepEqual([after.code, returns.m1.retcode, ledger.failed], [1, 130, 2]);
  assert.match((await fleet.run("jobs", "kill", jid)).stdout, /nobody is at work on it/);
  assert.equal((await fleet.run("jobs", "missing", jid)).stdout, "");
  const unknown = await fleet.run("jobs", "show", "20261123071833123-k3f9a2");
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
  assert.match(unknown.stderr, /^brine: Cannot show job .*: the master keeps no job of that id\n$/);
});

test("brine events prints what happens on the bus, and ends when nobody reads any more", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  await using watcher = fleet.start("events", "brine/job/*", "--json");
  await until("an event", async () => {
    await fleet.run("run", "*", "test.ping");
    return watcher.stdout.split("\n").length > 2;
  });
  watcher.kill("SIGINT");
  const { code, stdout, stderr } = await watcher.ended;
  assert.deepEqual([code, stderr], [130, ""]);
  const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const { tag, at, sequence } of events) assert.ok(tag.startsWith("brine/job/") && at > 0 && sequence > 0);

  const pipe = spawn("sh", ["-c", `"${BRINE}" --root "${fleet.root}" events | head -n 1`], { stdio: "pipe" });
  const ended = new Promise((resolve) => pipe.on("close", resolve));
  let isOver = false;
  let errors = "";
  pipe.stderr.on("data", (chunk) => errors += chunk);
  void ended.then(() => isOver = true);
  await until("the end of the pipe", async () => {
    await fleet.run("run", "*", "test.ping");
    return isOver;
  });
  assert.equal(errors, "");
});
