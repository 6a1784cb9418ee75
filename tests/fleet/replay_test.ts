/** Frames that were changed on the way, and frames that come twice. @module */
import assert from "node:assert/strict";
import { sealPublish } from "../../src/crypto/publish_seal.ts";
import { newIdentity } from "../../src/crypto/identity.ts";
import { newJid } from "../../src/core/jid.ts";
import { encodePublished } from "../../src/wire/publish.ts";
import { startFleet } from "../kit/fleet.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { EventLog, leaveLine, linesLeft, run } from "./kit.ts";
import { acceptedPeer, RawSubscriber } from "./peers.ts";
import { flipBit, Tap } from "./tap.ts";

test("T12: a publish with any bit changed is dropped and reported, and the next one is taken", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 0, clock });
  const brine = await fleet.client();
  await using events = await EventLog.open(fleet, "brine/minion/*");
  const tap = new Tap();
  await fleet.addMinion("m1", { wrap: tap.wrap, token: await brine.makeToken({ ttlMs: 60_000 }) });
  await fleet.untilUp(["m1"]);
  tap.onPublished = () => undefined;
  using job = await brine.run({ target: "*", function: "cmd.run", arguments: [leaveLine(fleet.root)] });
  const frame = await until("the publish", () => tap.published.at(-1));

  const dropped = () => fleet.logged("m1").filter((text) => text.startsWith("dropped a publish")).length;
  // Every bit of the header, of the first sealed bytes, and of the signature's ends.
  const bits = [...Array(16 * 8 + 32).keys(), -1, -2, -511, -512, -513, -640];
  for (const bit of bits) tap.publish(flipBit(frame, bit));
  for (const length of [0, 1, 15, 16, 79, frame.length - 1]) tap.publish(frame.slice(0, length));
  await until("all to be dropped", () => dropped() === bits.length + 6);
  assert.equal(linesLeft(fleet.root), 0);
  clock.advance(5_000);
  assert.equal((await events.seen(/^brine\/minion\/m1\/refused$/)).data["count"], bits.length + 6);

  tap.publish(frame); // the true one
  await Array.fromAsync(job);
  assert.equal(linesLeft(fleet.root), 1);
});

test("T12: a sealed frame to the minion with a bit changed ends the session; it comes back and reports it", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 0, clock });
  const brine = await fleet.client();
  await using events = await EventLog.open(fleet);
  const tap = new Tap();
  await fleet.addMinion("m1", { wrap: tap.wrap, token: await brine.makeToken({ ttlMs: 60_000 }) });
  tap.onReceived = (frame) => {
    tap.onReceived = (same) => same;
    return flipBit(frame, 77);
  };
  clock.advance(10_000); // a heartbeat is answered
  await fleet.untilLogged("m1", /ended the session: Cannot open sealed message/);
  clock.advance(100);
  await until("it to hear again", () => fleet.hearingCount("m1") === 2);
  clock.advance(5_000);
  assert.match(
    String((await events.seen(/^brine\/minion\/m1\/refused$/)).data["reason"]),
    /Cannot open sealed message/,
  );
});

test("T12: a sealed frame to the master with a bit changed ends the session and is reported", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const brine = await fleet.client();
  await using events = await EventLog.open(fleet);
  const tap = new Tap();
  await fleet.addMinion("m1", { wrap: tap.wrap, token: await brine.makeToken({ ttlMs: 60_000 }) });
  await fleet.untilUp(["m1"]);
  tap.onSent = (frame) => {
    tap.onSent = (same) => same;
    return flipBit(frame, -1);
  };
  const { answers } = await run(brine, { target: "m1", function: "test.echo", arguments: ["whole"] });
  assert.deepEqual(answers.map((answer) => answer.return), ["whole"], "it comes with the next session");
  const refused = await events.seen(/^brine\/auth\/refused$/);
  assert.match(String(refused.data["reason"]), /Cannot open sealed message/);
  assert.equal(fleet.hearingCount("m1"), 2);
});

test("T14: a captured publish executes 0 more times: same connection, new one, after a restart, after a rotation", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 0, clock });
  const brine = await fleet.client();
  const tap = new Tap();
  await fleet.addMinion("m1", { wrap: tap.wrap, token: await brine.makeToken({ ttlMs: 60_000 }) });
  await fleet.untilUp(["m1"]);
  await run(brine, { target: "*", function: "cmd.run", arguments: [leaveLine(fleet.root)], ttlMs: 3_600_000 });
  const frame = tap.published.at(-1) ?? assert.fail("no publish was seen");
  assert.equal(linesLeft(fleet.root), 1);
  let dropped = 0;
  const replay = async (where: string) => {
    tap.publish(frame);
    const count = () => fleet.logged("m1").filter((text) => /^dropped/.test(text)).length;
    await until(`the replay ${where} to be dropped`, () => count() > dropped);
    dropped = count();
    assert.equal(linesLeft(fleet.root), 1, where);
    assert.deepEqual((await run(brine, { target: "*", function: "test.ping" })).answers.length, 1, where);
  };
  await replay("on the same connection");

  fleet.network.sever(fleet.addressOf("m1"));
  await until("it to hear again", () => (clock.advance(50), fleet.hearingCount("m1") === 2));
  await fleet.untilUp(["m1"]);
  await replay("on a new connection");

  await fleet.stopMinion("m1");
  await fleet.startMinion("m1");
  await fleet.untilUp(["m1"]);
  await replay("after a restart");

  await fleet.addMinion("gone", { token: await brine.makeToken({ ttlMs: 60_000 }) });
  await brine.changeKeys("delete", ["gone"]);
  clock.advance(1_000);
  await fleet.untilLogged("ZeroMQPubServerChannel", /epoch \d+ begins/);
  await replay("after a rotation");

  await fleet.stopMaster();
  await fleet.startMaster();
  const again = await fleet.client();
  const heard = fleet.hearingCount("m1");
  await until("it to hear again", () => (clock.advance(50), fleet.hearingCount("m1") > heard));
  await fleet.untilUp(["m1"]);
  tap.publish(frame);
  assert.equal(
    (await run(again, { target: "*", function: "test.ping" })).answers.length,
    1,
    "after the master's restart",
  );
  assert.equal(linesLeft(fleet.root), 1);
});

test("T14: frames of a session that are sent again end it, and run and store nothing twice", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const brine = await fleet.client();
  const tap = new Tap();
  await fleet.addMinion("m1", { wrap: tap.wrap, token: await brine.makeToken({ ttlMs: 60_000 }) });
  await fleet.untilUp(["m1"]);
  await using events = await EventLog.open(fleet, "brine/job/*");
  await run(brine, { target: "*", function: "test.ping" });
  tap.send(tap.sent.at(-1) ?? new Uint8Array(0)); // the return once more
  await fleet.untilLogged("MWorkerQueue", /minion m1 .*Cannot open sealed message/);
  await fleet.untilLogged("m1", /no session with master/);
  await fleet.untilUp(["m1"]);
  assert.equal(events.tags.filter((tag) => tag.includes("/ret/")).length, 1);
});

test("T20: only what the master signed is a job: another key's signature, and an accepted minion's, are refused", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const brine = await fleet.client();
  const tap = new Tap();
  await fleet.addMinion("m1", { wrap: tap.wrap, token: await brine.makeToken({ ttlMs: 60_000 }) });
  await fleet.untilUp(["m1"]);
  // An accepted minion knows the epoch's key: it can seal, but not sign as the master.
  await using insider = await acceptedPeer(fleet, "insider");
  const { epochs: [epoch] } = await insider.told("welcome");
  assert.ok(epoch);
  const now = Date.now();
  const forged = (signer: ReturnType<typeof newIdentity>) =>
    sealPublish(
      { epoch: epoch.number, sequence: 1_000 },
      epoch.key,
      encodePublished({
        kind: "job",
        jid: newJid(now, Math.random),
        target: { kind: "glob", expression: "*" },
        function: "cmd.run",
        arguments: [leaveLine(fleet.root)],
        named: {},
        operator: "root",
        createdAt: now,
        expiresAt: now + 60_000,
      }),
      signer.signing,
    );
  tap.publish(forged(insider.identity));
  tap.publish(forged(newIdentity()));
  await until(
    "both to be dropped",
    () => fleet.logged("m1").filter((t) => /signature does not hold/.test(t)).length === 2,
  );
  assert.equal((await run(brine, { target: "m1", function: "test.ping" })).summary.ledger.returned, 1);
  assert.equal(linesLeft(fleet.root), 0);
});

test("T10: a job is not run 1 ms past its expiry, by the master's clock", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 0, clock });
  const brine = await fleet.client();
  const tap = new Tap();
  // Its own clock is an hour slow: the master's counts.
  const slow = { now: () => clock.now() - 3_600_000, after: clock.after.bind(clock), every: clock.every.bind(clock) };
  await fleet.addMinion("m1", { wrap: tap.wrap, clock: slow, token: await brine.makeToken({ ttlMs: 60_000 }) });
  await fleet.untilUp(["m1"]);
  tap.onPublished = () => undefined;
  for (const [lateMs, lines] of [[1_001, 0], [1_000, 1]] as const) {
    using _job = await brine.run({
      target: "*",
      function: "cmd.run",
      arguments: [leaveLine(fleet.root)],
      ttlMs: 1_000,
    });
    const count = tap.published.length;
    const frame = tap.published.at(-1) ?? await until("the publish", () => tap.published[count]);
    clock.advance(lateMs);
    tap.publish(frame);
    if (lines === 0) await fleet.untilLogged("m1", /came 1 ms after its expiry: not run/);
    else await until("the line", () => linesLeft(fleet.root) === lines);
  }
  assert.equal(linesLeft(fleet.root), 1);
});

test("T10: a ticket is refused 1 ms after its time, and works once until then", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 0, clock });
  await using minion = await acceptedPeer(fleet, "x1");
  const first = await minion.told("welcome");
  clock.advance(60_000);
  {
    await using ear = RawSubscriber.withTicket(fleet, first);
    await fleet.untilUp(["x1"]);
    assert.ok(ear.isConnected);
    await using thief = RawSubscriber.withTicket(fleet, first);
    await until("the end of the second", () => thief.endReason);
    assert.equal(ear.endReason, undefined, "the first is not disturbed");
  }
  minion.send({ kind: "ticket", id: "x1" });
  const second = await until("a second welcome", () => minion.messages.filter((m) => m.kind === "welcome")[1]);
  assert.ok(second.kind === "welcome");
  clock.advance(60_001);
  await using late = RawSubscriber.withTicket(fleet, second);
  await until("its end", () => late.endReason);
});

test("A minion that missed publishes says how many, and goes on", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const brine = await fleet.client();
  const tap = new Tap();
  await fleet.addMinion("m1", { wrap: tap.wrap, token: await brine.makeToken({ ttlMs: 60_000 }) });
  await fleet.untilUp(["m1"]);
  assert.equal((await run(brine, { target: "*", function: "test.ping" })).answers.length, 1);
  tap.onPublished = () => undefined;
  for (let lost = 1; lost <= 2; lost++) {
    using _job = await brine.run({ target: "*", function: "test.ping" });
    await until("the publish", () => tap.published.length === 1 + lost);
  }
  tap.onPublished = (frame) => frame;
  assert.equal((await run(brine, { target: "*", function: "test.ping" })).answers.length, 1);
  await fleet.untilLogged("m1", /2 publishes did not arrive/);
});
