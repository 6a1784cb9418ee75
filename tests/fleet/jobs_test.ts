/** Jobs side by side, in a row, killed, listed, shown and attached to. @module */
import assert from "node:assert/strict";
import { newJid } from "../../src/core/jid.ts";
import { UsageError } from "../../src/core/errors.ts";
import { readTextIfThere } from "../../src/runtime/files.ts";
import { isAlive } from "../../src/runtime/process.ts";
import { startFleet } from "../kit/fleet.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { EventLog, firstOnly, jobsOf, leaveLine, linesLeft, pass, release, run, untilReleased } from "./kit.ts";

test("Brine.kill() ends a job everywhere with retcode 130, its whole process group gone", async () => {
  await using fleet = await startFleet({ minions: 2 });
  const brine = await fleet.client();
  await using events = await EventLog.open(fleet, "brine/job/*");
  const command = `sleep 30 & echo $! >> ${fleet.root}/pids; wait`;
  using job = await brine.run({ target: "*", function: "cmd.run", arguments: [command] });
  assert.ok(job.jid);
  const pids = await until("two sleeps", () => {
    const found = (readTextIfThere(`${fleet.root}/pids`) ?? "").trim().split("\n");
    return found.length === 2 && found;
  });
  assert.ok(pids.every((pid) => isAlive(Number(pid))));
  assert.deepEqual((await brine.kill(job.jid)).toSorted(), ["m1", "m2"]);
  const answers = await Array.fromAsync(job);
  assert.deepEqual(answers.map(({ retcode, success }) => [retcode, success]), [[130, false], [130, false]]);
  await until("the sleeps to be gone", () => !pids.some((pid) => isAlive(Number(pid))));
  assert.deepEqual(await brine.kill(job.jid), [], "who has returned is not asked");
  await assert.rejects(brine.kill(newJid(0, () => 0)), (thrown) => thrown instanceof UsageError);
  assert.equal(events.tags.filter((tag) => tag.includes("/ret/")).length, 2);
});

test("A job that hangs holds up no other; those beyond maxRunningJobs wait their turn, and may be killed there", async () => {
  await using fleet = await startFleet({ minions: 1, minion: { maxRunningJobs: 2 } });
  const brine = await fleet.client();
  const hanging = { target: "*", function: "cmd.run", arguments: [untilReleased(fleet.root)] };
  using first = await brine.run(hanging);
  for (let round = 0; round < 5; round++) {
    assert.equal((await run(brine, { target: "*", function: "test.ping" })).answers.length, 1);
  }
  using second = await brine.run(hanging);
  using waiting = await brine.run({ target: "*", function: "cmd.run", arguments: [leaveLine(fleet.root)] });
  using doomed = await brine.run({ target: "*", function: "cmd.run", arguments: [leaveLine(fleet.root)] });
  assert.ok(doomed.jid);
  await until("all to be there", () => fleet.logged("m1").filter((text) => text.includes("cmd.run")).length === 4);
  assert.deepEqual(await brine.kill(doomed.jid), ["m1"]);
  const [killed] = await Array.fromAsync(doomed);
  assert.equal(killed?.retcode, 130);
  assert.match(String(killed?.return), /killed before its turn came/);
  assert.equal(linesLeft(fleet.root), 0);
  release(fleet.root);
  for (const job of [first, second, waiting]) assert.equal((await Array.fromAsync(job))[0]?.retcode, 0);
  assert.equal(linesLeft(fleet.root), 1);
});

test("A job that waits its turn for long does not count as silent", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 1, minion: { maxRunningJobs: 1 }, clock });
  const brine = await fleet.client();
  using first = await brine.run({ target: "*", function: "cmd.run", arguments: [untilReleased(fleet.root)] });
  using second = await brine.run({ target: "*", function: "test.ping" });
  await until("both to be there", () => fleet.logged("m1").filter((text) => text.includes("root runs")).length === 2);
  clock.advance(250);
  await until("both to be announced", () => first.summary().ledger.running + second.summary().ledger.running === 2);
  await pass(clock, 20_000);
  assert.deepEqual([first.progress.answered, second.progress.answered], [0, 0]);
  release(fleet.root);
  assert.equal((await Array.fromAsync(first)).length, 1);
  assert.equal((await Array.fromAsync(second)).length, 1);
});

test("More jobs at once than run side by side all come back", async () => {
  await using fleet = await startFleet({ minions: 2, minion: { maxRunningJobs: 4 } });
  const brine = await fleet.client();
  const jobs = await Promise.all(
    Array.from({ length: 60 }, (_, i) => run(brine, { target: "*", function: "test.echo", arguments: [String(i)] })),
  );
  for (const [i, { answers }] of jobs.entries()) {
    assert.deepEqual(answers.map((answer) => answer.return), [String(i), String(i)]);
  }
  assert.equal((await jobsOf(brine)).length, 60);
});

test("Brine.jobs() lists the newest first with their counts; attach() shows one and refuses an unknown one", async () => {
  await using fleet = await startFleet({ minions: 2 });
  const brine = await fleet.client();
  await run(brine, { target: "*", function: "test.echo", arguments: ["one"] });
  const { summary } = await run(brine, { target: "m2", function: "test.arg", arguments: ["two"], named: { three: 3 } });
  const jobs = await jobsOf(brine);
  assert.deepEqual(
    jobs.map((job) => [job.function, job.target.expression, job.operator, job.expectedCount, job.returnedCount]),
    [["test.arg", "m2", "root", 1, 1], ["test.echo", "*", "root", 2, 2]],
  );
  assert.equal(jobs[0]?.jid, summary.jid);
  assert.equal((await Array.fromAsync(brine.jobs(1))).length, 1);
  assert.ok(jobs[0]);
  using shown = await brine.attach(jobs[0].jid, { follow: false });
  const [answer] = await Array.fromAsync(shown);
  assert.deepEqual(answer?.return, { words: ["two"], named: { three: 3 } });
  assert.deepEqual(shown.summary().arguments, ["two", "three=3"]);
  await assert.rejects(brine.attach(newJid(0, () => 0)), /keeps no job of that id/);
});

test("Brine.attach() follows a job that still runs, from its first answer on, for another client", async () => {
  await using fleet = await startFleet({ minions: 2 });
  const [one, two] = [await fleet.client(), await fleet.client()];
  using job = await one.run({ target: "*", function: "cmd.run", arguments: [firstOnly(fleet.root)] });
  assert.ok(job.jid);
  const answers = job[Symbol.asyncIterator]();
  await answers.next();
  using follower = await two.attach(job.jid, { timeoutMs: 30_000 });
  const followed = follower[Symbol.asyncIterator]();
  assert.equal((await followed.next()).done, false);
  assert.deepEqual(follower.progress.silent.length, 1);
  release(fleet.root);
  assert.equal((await followed.next()).done, false);
  assert.equal((await followed.next()).done, true);
  assert.equal(follower.summary().ledger.returned, 2);
  assert.equal((await answers.next()).done, false);
});

test("Brine.run() with a time limit stops waiting, says who is still at work, and the job goes on", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 1, clock });
  const brine = await fleet.client();
  const call = { target: "*", function: "cmd.run", arguments: [untilReleased(fleet.root)], timeoutMs: 3_000 };
  using job = await brine.run(call);
  await fleet.untilLogged("m1", /root runs cmd.run/);
  clock.advance(250);
  await until("the news that it runs", () => job.summary().ledger.running === 1);
  clock.advance(2_700);
  assert.equal(job.progress.silent.length, 1);
  clock.advance(100);
  assert.deepEqual(await Array.fromAsync(job), []);
  assert.match(job.summary().missing.get("m1") ?? "", /^still running since/);
  assert.ok(job.jid);
  await pass(clock, 60_000); // -t is counted from where one begins to wait
  using later = await brine.attach(job.jid, { timeoutMs: 3_000 });
  release(fleet.root);
  assert.equal((await Array.fromAsync(later)).length, 1);
});
