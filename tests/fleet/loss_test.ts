/** Minions, masters and paths that go away in the middle, and come back. @module */
import assert from "node:assert/strict";
import { listDirectory, readTextIfThere } from "../../src/runtime/files.ts";
import { type Fleet, startFleet } from "../kit/fleet.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { EventLog, leaveLine, linesLeft, pass, release, run, untilReleased } from "./kit.ts";

test("A minion lost in the middle is reported with the time after the grace; its return comes with it later", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({
    minions: 2,
    clock,
    minion: { reconnectFirstMs: 1_000, reconnectMaxMs: 8_000 },
  });
  const brine = await fleet.client();
  using job = await brine.run({ target: "*", function: "cmd.run", arguments: [untilReleased(fleet.root)] });
  await fleet.untilLogged("m2", /root runs cmd.run/);
  fleet.network.cut(fleet.addressOf("m2"));
  fleet.network.sever(fleet.addressOf("m2"));
  await until("the loss", () => job.summary().ledger.unreachable === 1);
  release(fleet.root);
  const answers = job[Symbol.asyncIterator]();
  const first = await answers.next();
  assert.equal(first.done ? "" : first.value.minion, "m1");
  clock.advance(4_900);
  assert.equal(job.progress.silent.length, 1);
  clock.advance(200);
  assert.equal((await answers.next()).done, true);
  const { missing, ledger } = job.summary();
  assert.match(missing.get("m2") ?? "", /^unreachable since \d\d:\d\d:\d\d$/);
  assert.deepEqual([ledger.returned, ledger.unreachable], [1, 1]);

  // It backs off with jitter, at most by its ceiling, and delivers what it has kept.
  await fleet.untilLogged("m2", /no session with master .* \(next attempt in \d+\.\d s\)/);
  fleet.network.heal(fleet.addressOf("m2"));
  await until("it to be back", () => (clock.advance(500), fleet.hearingCount("m2") === 2));
  assert.ok(job.jid);
  const { jid } = job;
  await until("its return", async () => {
    using shown = await brine.attach(jid, { follow: false });
    return shown.summary().ledger.returned === 2;
  });
  await until("an empty spool", () => (clock.advance(100), spooled(fleet, "m2").length === 0));
});

test("A path that is cut without a word is seen as dead by the heartbeats within 40 s, and both ends go on", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 1, clock });
  const brine = await fleet.client();
  fleet.network.cut(fleet.addressOf("m1"));
  let seconds = 0;
  for (; seconds < 60 && (await brine.minions())[0]?.isUp; seconds++) await pass(clock, 1_000);
  assert.ok(seconds <= 40, `${seconds} s`);
  await until(
    "the minion to notice",
    () => (clock.advance(1_000), fleet.logged("m1").some((t) => /no session/.test(t))),
  );
  fleet.network.heal(fleet.addressOf("m1"));
  await until("it to be back", () => (clock.advance(100), fleet.hearingCount("m1") === 2));
  await fleet.untilUp(["m1"]);
  assert.equal((await run(brine, { target: "*", function: "test.ping" })).answers.length, 1);
});

test("A job still running when its minion comes back is waited for, not called silent", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 1, clock });
  const brine = await fleet.client();
  using job = await brine.run({ target: "*", function: "cmd.run", arguments: [untilReleased(fleet.root)] });
  await fleet.untilLogged("m1", /root runs cmd.run/);
  clock.advance(250);
  await until("the news that it runs", () => job.summary().ledger.running === 1);
  fleet.network.sever(fleet.addressOf("m1"));
  await until("the loss", () => job.summary().ledger.unreachable === 1);
  await until("it to be back", () => (clock.advance(20), fleet.hearingCount("m1") === 2));
  await until("the news that it runs", () => job.summary().ledger.running === 1);
  await pass(clock, 30_000);
  release(fleet.root);
  assert.equal((await Array.fromAsync(job))[0]?.retcode, 0);
});

test("Brine.attach() does not wait for ever on a minion that ran the job and is gone", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const brine = await fleet.client();
  await using events = await EventLog.open(fleet, "brine/job/*");
  using job = await brine.run({ target: "*", function: "cmd.run", arguments: [untilReleased(fleet.root)] });
  assert.ok(job.jid);
  await events.seen(/\/running\/m1$/);
  fleet.network.cut(fleet.addressOf("m1"));
  fleet.network.sever(fleet.addressOf("m1"));
  await fleet.untilUp(["m1"], false);
  using late = await brine.attach(job.jid);
  assert.deepEqual(await Array.fromAsync(late), []);
  assert.match(late.summary().missing.get("m1") ?? "", /^unreachable since/);
  release(fleet.root);
});

test("A master restarted while a job runs stores the return exactly once", async () => {
  for (const transport of ["memory", "zws"] as const) {
    await using fleet = await startFleet({ minions: 2, transport });
    const brine = await fleet.client();
    using job = await brine.run({ target: "*", function: "cmd.run", arguments: [untilReleased(fleet.root)] });
    for (const id of ["m1", "m2"]) await fleet.untilLogged(id, /root runs cmd.run/);
    await fleet.stopMaster();
    await assert.rejects(Array.fromAsync(job), /Cannot reach a master/);
    await fleet.startMaster();
    await using events = await EventLog.open(fleet, "brine/job/*");
    await fleet.untilUp(["m1", "m2"]);
    release(fleet.root);
    await until("both returns", () => events.tags.filter((tag) => tag.includes("/ret/")).length === 2);
    const again = await fleet.client();
    assert.ok(job.jid);
    using shown = await again.attach(job.jid);
    assert.deepEqual((await Array.fromAsync(shown)).map(({ retcode }) => retcode), [0, 0]);
    assert.equal((await run(again, { target: "*", function: "test.ping" })).answers.length, 2);
    assert.equal(events.tags.filter((tag) => tag.includes(`${job.jid}/ret/`)).length, 2);
    for (const id of ["m1", "m2"]) await until("an empty spool", () => spooled(fleet, id).length === 0);
  }
});

test("A return that is ready while the master is away waits in the spool and comes when it is back", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const brine = await fleet.client();
  using job = await brine.run({ target: "*", function: "cmd.run", arguments: [untilReleased(fleet.root)] });
  await fleet.untilLogged("m1", /root runs cmd.run/);
  await fleet.stopMaster();
  release(fleet.root);
  await until("the spooled return", () => spooled(fleet, "m1").length === 1);
  await fleet.startMaster();
  await fleet.untilUp(["m1"]);
  const again = await fleet.client();
  assert.ok(job.jid);
  using shown = await again.attach(job.jid);
  assert.equal((await Array.fromAsync(shown)).length, 1);
  await until("an empty spool", () => spooled(fleet, "m1").length === 0);
});

test("A minion stopped in the middle of a job answers 130 when it is back, also for jobs that had no turn", async () => {
  await using fleet = await startFleet({ minions: 1, minion: { maxRunningJobs: 1 } });
  const brine = await fleet.client();
  using first = await brine.run({ target: "*", function: "cmd.run", arguments: ["sleep 30"] });
  using second = await brine.run({ target: "*", function: "cmd.run", arguments: [leaveLine(fleet.root)] });
  await until("both to be there", () => fleet.logged("m1").filter((text) => text.includes("root runs")).length === 2);
  await fleet.stopMinion("m1");
  await fleet.startMinion("m1");
  for (const job of [first, second]) assert.equal((await Array.fromAsync(job))[0]?.retcode, 130);
  assert.equal(linesLeft(fleet.root), 0);
});

test("A master that is told to stop releases everything: the note, the sockets, the timers", async () => {
  const clock = new ManualClock();
  const ports = { publishPort: 14_505, retPort: 14_506 };
  await using fleet = await startFleet({ minions: 2, clock, master: ports });
  const brine = await fleet.client();
  const note = readTextIfThere(fleet.paths.runningMaster);
  assert.equal(JSON.parse(note ?? "{}").retPort, 14_506);
  using _job = await brine.run({ target: "*", function: "test.sleep", arguments: ["60"] });
  for (const id of ["m1", "m2"]) await fleet.stopMinion(id);
  await fleet.stopMaster();
  assert.equal(readTextIfThere(fleet.paths.runningMaster), undefined);
  await assert.rejects(brine.keys(), /Cannot reach a master/);
  await brine[Symbol.asyncDispose]();
  assert.equal(clock.pending, 0, "timers are left");
  await until("the connections to be gone", () => fleet.network.connections === 0);
  await fleet.startMaster(); // the ports are free
});

test("A rotation while jobs run loses none of them", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 3, clock, master: { publishSessionMs: 5_000 } });
  const brine = await fleet.client();
  const epochs = () => fleet.logged("ZeroMQPubServerChannel").filter((text) => text.endsWith("begins")).length;
  for (let round = 0; round < 40; round++) {
    using job = await brine.run({ target: "*", function: "test.echo", arguments: [String(round)] });
    clock.advance(500); // in the middle of the job
    assert.equal((await Array.fromAsync(job)).length, 3, `round ${round}`);
  }
  assert.ok(epochs() >= 3, `${epochs()} epochs`);
  assert.ok(!fleet.logged().some((text) => /^dropped|did not arrive/.test(text)));
  for (const id of ["m1", "m2", "m3"]) assert.equal(fleet.hearingCount(id), 1);
});

function spooled(fleet: Fleet, id: string): string[] {
  return listDirectory(fleet.minionPaths(id).minionSpool);
}
