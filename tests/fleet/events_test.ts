/** The event bus as a client sees it. @module */
import assert from "node:assert/strict";
import { startFleet } from "../kit/fleet.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { EventLog, run } from "./kit.ts";
import { acceptedPeer } from "./peers.ts";

test("Brine.events() yields what happens in order, numbered without gaps, with everything on the way of a job", async () => {
  await using fleet = await startFleet({ minions: 1 });
  await using events = await EventLog.open(fleet);
  const brine = await fleet.client();
  const { summary } = await run(brine, { target: "*", function: "test.ping" });
  await events.seen(/\/ret\/m1$/);
  const sequences = events.events.map(({ sequence }) => sequence);
  assert.deepEqual(sequences, sequences.map((_, i) => (sequences[0] ?? 0) + i));
  const ofJob = events.tags.filter((tag) => tag.startsWith(`brine/job/${summary.jid}/`));
  assert.deepEqual(ofJob.map((tag) => tag.split("/").slice(3).join("/")), ["new", "ret/m1"]);
  const start = await events.seen(/\/new$/);
  assert.deepEqual(start.data, {
    jid: summary.jid,
    target: "*",
    function: "test.ping",
    operator: "root",
    expectedCount: 1,
  });
  await brine.changeKeys("delete", ["m1"]);
  assert.deepEqual((await events.seen(/^brine\/key$/)).data, {
    id: "m1",
    role: "minion",
    change: "deleted",
    operator: "root",
  });
  await until("m1 to go", () => events.events.some(({ data }) => JSON.stringify(data["down"]) === '["m1"]'));
});

test("Brine.events() yields to each reader of one session what its own glob matches", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const brine = await fleet.client();
  await using minion = await acceptedPeer(fleet, "x1");
  const seen: Record<string, string[]> = { "brine/job/*": [], "brine/minion/x1/*": [], "*/ret/m?": [] };
  const readers = Object.keys(seen).map(async (glob) => {
    try {
      for await (const { tag } of brine.events(glob)) seen[glob]?.push(tag.replace(/\d{17}-\w{6}/, "JID"));
    } catch { /* the session was closed */ }
  });
  await brine.keys();
  await run(brine, { target: "m1", function: "test.ping" });
  minion.send({ kind: "event", id: "x1", tag: "hello", data: {} });
  await until("the event", () => seen["brine/minion/x1/*"]?.length);
  await brine[Symbol.asyncDispose]();
  await Promise.all(readers);
  assert.deepEqual(seen, {
    "brine/job/*": ["brine/job/JID/new", "brine/job/JID/ret/m1"],
    "brine/minion/x1/*": ["brine/minion/x1/hello"],
    "*/ret/m?": ["brine/job/JID/ret/m1"],
  });
});

test("Brine.events() refuses a glob that is none, and ends with an error when the master is lost", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const brine = await fleet.client();
  await assert.rejects(Array.fromAsync(brine.events("brine/[")), /Cannot read tag/);
  const reading = Array.fromAsync(brine.events());
  await brine.keys();
  await fleet.stopMaster();
  await assert.rejects(reading, /Cannot reach a master/);
});

test("A client that has gone leaves no subscription behind, also when it goes while its request is at work", async () => {
  await using fleet = await startFleet({ minions: 1 });
  for (let round = 0; round < 3; round++) {
    const brine = await fleet.client();
    const running = brine.run({ target: "*", function: "test.ping" });
    running.catch(() => {});
    await brine[Symbol.asyncDispose]();
    await running.catch(() => {});
  }
  const { summary } = await run(await fleet.client(), { target: "*", function: "test.ping" });
  assert.equal(summary.ledger.returned, 1);
});
