/**
 * What goes wrong while jobs run: a minion killed, the master killed, the master stopped, a job that hangs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { Fleet } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

async function isRunning(fleet: Fleet): Promise<boolean> {
  const [job] = JSON.parse((await fleet.run("jobs", "list", "--json")).stdout);
  return job !== undefined;
}

test("a minion killed in the middle is named, and the exit code is 3", async () => {
  await using fleet = await Fleet.start({ minions: ["m1", "m2"] });
  const pid = fleet.directory.join("pid");
  await using client = fleet.start("run", "*", "cmd.run", `echo $$ >> ${pid}; sleep 1`);
  await until("the job at work", () => existsSync(pid));
  fleet.minion("m2").kill("SIGKILL");
  const { code, stdout } = await client.ended;
  assert.equal(code, 3);
  assert.match(stdout, /^m1:\nm2: did not answer: unreachable since \d\d:\d\d:\d\d\n1 of 2 answered/);
});

test("minions come back by themselves after the master was killed, and answer", { timeoutMs: 60_000 }, async () => {
  await using fleet = await Fleet.start({ minions: ["m1", "m2"] });
  const begun = fleet.directory.join("begun");
  await using client = fleet.start("run", "*", "cmd.run", `echo x >> ${begun}; sleep 0.5; echo survived`);
  await until("the job at work", () => existsSync(begun));
  const jid = JSON.parse((await fleet.run("jobs", "list", "--json")).stdout)[0].jid;
  fleet.master.kill("SIGKILL");
  const { code, stderr } = await client.ended;
  assert.equal(code, 5);
  assert.match(
    stderr,
    new RegExp(`^brine: Cannot follow job ${jid}: .*; the minions go on: see brine jobs show ${jid} later\n$`),
  );

  const nobody = await fleet.run("run", "*", "test.ping");
  assert.equal(nobody.code, 5);
  assert.match(
    nobody.stderr,
    /^brine: Cannot find a master: none is running under .* \(process \d+ has gone\); start one with `brine master`\n$/,
  );

  await fleet.startMaster();
  const attached = await fleet.run("jobs", "attach", jid, "--json");
  await until("both returns", async () => {
    const { returns } = JSON.parse((await fleet.run("jobs", "show", jid, "--json")).stdout);
    return returns.m1?.return === "survived" && returns.m2?.return === "survived";
  }, 30_000);
  assert.ok([0, 3].includes(attached.code));
  await until("both minions up", async () => (await fleet.run("run", "*", "test.ping", "-t", "3")).code === 0, 30_000);
  for (const id of ["m1", "m2"]) {
    const lost = fleet.minion(id).stderr.split("\n").filter((line) => /no session with master/.test(line));
    assert.ok(lost.length >= 1 && lost.length <= 3, `one line for each change of state, not ${lost.join("\n")}`);
  }
});

test("SIGTERM drains the master: exit 0, no process, no note, no socket left", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  await fleet.run("run", "*", "test.ping");
  const { master } = fleet;
  master.kill("SIGTERM");
  const { code, signal } = await master.ended;
  assert.deepEqual([code, signal], [0, undefined]);
  assert.deepEqual(readdirSync(fleet.directory.join("master/run/brine")), []);
  assert.equal((await fleet.run("minions")).code, 5);
  await fleet.startMaster(); // on the same ports: nobody holds them
  const minion = fleet.minion("m1");
  minion.kill("SIGTERM");
  assert.equal((await minion.ended).code, 0);
});

test("jobs run side by side, and one that hangs hurts no other", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const hanging = (await fleet.run("run", "*", "cmd.run", "trap '' TERM; sleep 60", "--async")).stdout.trim();
  const startedAt = performance.now();
  const runs = await Promise.all(Array.from({ length: 6 }, (_, n) => {
    return fleet.run("run", "*", "cmd.run", `sleep 0.5; echo ${n}`, "--json");
  }));
  const answers = runs.map(({ stdout }) => JSON.parse(stdout).returns.m1.return);
  assert.deepEqual(answers, ["0", "1", "2", "3", "4", "5"]);
  assert.ok(performance.now() - startedAt < 2_500, "they waited for one another");
  assert.ok(await isRunning(fleet));
  assert.match((await fleet.run("jobs", "kill", hanging)).stdout, /^ended: m1/);
  assert.equal((await fleet.run("jobs", "attach", hanging)).code, 1);
});
