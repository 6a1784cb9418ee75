/** Keys: pending, accepted, rejected, deleted, enrolled; and who takes whose place. @module */
import assert from "node:assert/strict";
import { newIdentity } from "../../src/crypto/identity.ts";
import { RefusedError } from "../../src/core/errors.ts";
import { JOB_TOPIC } from "../../src/wire/publish.ts";
import { startFleet } from "../kit/fleet.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { EventLog, run } from "./kit.ts";
import { acceptedPeer, RawPeer, RawSubscriber } from "./peers.ts";

test("A pending minion gets no job, says what to type, and its log shows no job", async () => {
  await using fleet = await startFleet({ minions: 1 });
  await fleet.addMinion("stranger", { isAwaited: false });
  await fleet.untilLogged("stranger", /is pending: type `brine key accept stranger` on the master/);
  const brine = await fleet.client();
  const { summary } = await run(brine, { target: "*", function: "test.ping" });
  assert.deepEqual([...summary.expected], ["m1"]);
  assert.ok(!fleet.logged("stranger").some((text) => /test\.ping|hearing/.test(text)));
});

test("Brine.changeKeys() accepts on the waiting connection, and a job right behind it reaches the minion", async () => {
  for (const transport of ["memory", "zws"] as const) {
    await using fleet = await startFleet({
      minions: 3,
      isAccepted: false,
      transport,
      minion: { grains: { role: "x" } },
    });
    const brine = await fleet.client();
    assert.deepEqual(await brine.changeKeys("accept", ["m1"]), ["m1"]);
    const { summary } = await run(brine, { target: "*", function: "test.ping" });
    assert.deepEqual([summary.ledger.returned, summary.ledger.unreachable], [1, 0]);
    assert.deepEqual(await brine.changeKeys("accept", ["m[2-3]"]), ["m2", "m3"]);
    const { summary: byGrain } = await run(brine, {
      target: { kind: "grain", expression: "role:x" },
      function: "test.ping",
    });
    assert.equal(byGrain.ledger.returned, 3);
    for (const id of ["m1", "m2", "m3"]) {
      assert.equal(fleet.logged(id).filter((text) => text.startsWith("no session")).length, 0, "it never came again");
    }
  }
});

test("A rejected minion is put out, is told why, and goes on trying in vain until it is accepted", async () => {
  await using fleet = await startFleet({ minions: 2 });
  const brine = await fleet.client();
  assert.deepEqual(await brine.changeKeys("reject", ["m2"]), ["m2"]);
  await fleet.untilLogged("m2", /the master rejects this minion: its key was rejected on the master/);
  const { summary } = await run(brine, { target: "*", function: "test.ping" });
  assert.deepEqual([...summary.expected], ["m1"]);
  assert.deepEqual(await brine.changeKeys("accept", ["*"]), [], "a glob does not accept what was rejected");
  assert.deepEqual(await brine.changeKeys("accept", ["m2"]), ["m2"]);
  await fleet.untilUp(["m2"]);
});

test("T24: a deleted key is out of 4505 and 4506 at once and hears nothing sealed; nobody else logs in again", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 2, clock });
  const brine = await fleet.client();
  await using goner = await acceptedPeer(fleet, "goner");
  const welcome = await goner.told("welcome");
  await using ear = RawSubscriber.withTicket(fleet, welcome);
  await fleet.untilUp(["goner"]);
  await using overheard = new RawSubscriber(fleet, welcome.publishPort, [welcome.ticket, JOB_TOPIC]);
  await until("the end of who shows a used ticket", () => overheard.endReason);
  await using events = await EventLog.open(fleet);
  const before = goner.messages.length;

  await brine.changeKeys("delete", ["goner"]);
  await goner.ended();
  await until("the end on 4505", () => ear.endReason);
  assert.deepEqual(goner.messages.slice(before).map(({ kind }) => kind), ["rejected"]);
  assert.equal((await brine.keys()).minions.accepted.length, 2);

  // Through the rotation and after it, the others work, and nobody has shaken hands anew.
  assert.equal((await run(brine, { target: "*", function: "test.ping" })).summary.ledger.returned, 2);
  clock.advance(1_000);
  await fleet.untilLogged("ZeroMQPubServerChannel", /epoch \d+ begins/);
  const { summary } = await run(brine, { target: "*", function: "test.ping" });
  assert.deepEqual([summary.ledger.returned, summary.expected.length], [2, 2]);
  assert.ok(!events.events.some(({ tag, data }) => tag === "brine/auth" && data["role"] === "minion"));
  assert.equal(ear.frames.length, 0);
  assert.deepEqual([fleet.hearingCount("m1"), fleet.hearingCount("m2")], [1, 1]);
});

test("T24: a key deleted while a rotation is under way does not keep the key that comes next", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 1, clock });
  const brine = await fleet.client();
  const peers = [await acceptedPeer(fleet, "one"), await acceptedPeer(fleet, "two")];
  await using one = peers[0] as RawPeer;
  await using two = peers[1] as RawPeer;
  await brine.changeKeys("delete", ["one"]);
  const { epochs } = await two.told("epochs"); // the next key has gone out to "two" as well
  const known = Math.max(...epochs.map(({ number }) => number));
  await brine.changeKeys("delete", ["two"]);
  await one.ended();
  await two.ended();
  clock.advance(1_000);
  await fleet.untilLogged("ZeroMQPubServerChannel", new RegExp(`epoch ${known} begins`));
  clock.advance(1_000);
  await fleet.untilLogged("ZeroMQPubServerChannel", new RegExp(`epoch ${known + 1} begins`));
  const { summary } = await run(brine, { target: "*", function: "test.ping" });
  assert.equal(summary.ledger.returned, 1);
});

test("T10: an enrolment token is good for so many keys and until its last millisecond", async () => {
  const clock = new ManualClock();
  await using fleet = await startFleet({ minions: 0, clock });
  const brine = await fleet.client();
  const once = await brine.makeToken({ ttlMs: 1_000 });
  await fleet.addMinion("first", { token: once });
  await using second = new RawPeer(fleet, { id: "second", token: once });
  assert.match((await second.told("rejected")).reason, /token is unknown, used up or expired/);

  const twice = await brine.makeToken({ ttlMs: 1_000, uses: 2 });
  clock.advance(1_000);
  await using third = new RawPeer(fleet, { id: "third", token: twice });
  await third.told("welcome");
  clock.advance(1);
  await using fourth = new RawPeer(fleet, { id: "fourth", token: twice });
  assert.match((await fourth.told("rejected")).reason, /token is unknown, used up or expired/);
  assert.deepEqual((await brine.keys()).minions.accepted.map(({ id }) => id), ["first", "third"]);
});

test("Another key that claims an accepted id is refused, logged, and does not disturb the true one", async () => {
  await using fleet = await startFleet({ minions: 1 });
  await using events = await EventLog.open(fleet, "brine/auth");
  await using impostor = new RawPeer(fleet, { id: "m1" });
  assert.match((await impostor.told("rejected")).reason, /another key has the id "m1"/);
  await impostor.ended();
  await fleet.untilLogged("MWorker-0", /minion m1 is denied: another key has the id "m1"/);
  assert.equal((await events.seen(/auth/)).data["standing"], "denied");
  const { summary } = await run(await fleet.client(), { target: "*", function: "test.ping" });
  assert.equal(summary.ledger.returned, 1);
  assert.equal(fleet.hearingCount("m1"), 1);
});

test("The same key connecting twice takes the place of its first connection, on both ports", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const brine = await fleet.client();
  await using first = await acceptedPeer(fleet, "twin");
  await using firstEar = RawSubscriber.withTicket(fleet, await first.told("welcome"));
  await fleet.untilUp(["twin"]);
  await using second = new RawPeer(fleet, { id: "twin", identity: first.identity });
  await using secondEar = RawSubscriber.withTicket(fleet, await second.told("welcome"));
  await first.ended();
  await until("the end of the first ear", () => firstEar.endReason);
  await until("the second ear", () => secondEar.isConnected);
  await fleet.untilUp(["twin"]);
  using _job = await brine.run({ target: "twin", function: "test.ping" });
  await until("the job", () => secondEar.frames.length > 0);
  assert.equal(firstEar.frames.length, 0);
});

test("T3: an operator with an unknown key is refused and becomes pending; accepted, it may ask", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const identity = newIdentity();
  const asOther = () => fleet.client({ operator: "alice", identity });
  await assert.rejects(
    asOther(),
    (thrown) => thrown instanceof RefusedError && /waits to be accepted/.test(thrown.message),
  );
  const impostor = fleet.client({ operator: "root", identity });
  await assert.rejects(impostor, (thrown) => thrown instanceof RefusedError && /another key/.test(thrown.message));
  const brine = await fleet.client();
  assert.deepEqual((await brine.keys()).operators.pending.map(({ id }) => id), ["alice"]);
  await brine.changeKeys("accept", ["alice"], "operator");
  const alice = await asOther();
  assert.equal((await alice.keys()).operators.accepted.length, 2);
  await assert.rejects(brine.changeKeys("delete", ["root"], "operator"), /it is the one you are using/);
  await brine.changeKeys("delete", ["alice"], "operator");
  await assert.rejects(until("a refusal", async () => void await alice.keys()), /its key was deleted|connection|lost/i);
});
