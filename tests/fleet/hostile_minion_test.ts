/** What a hostile minion can do to the master, to other minions and to operators: nothing. @module */
import assert from "node:assert/strict";
import { sha256 } from "../../src/runtime/crypto.ts";
import { encode } from "../../src/wire/codec.ts";
import { FROM_MINION_KINDS, type FromMinion, type FromMinionKind } from "../../src/wire/minion_messages.ts";
import { newJid } from "../../src/core/jid.ts";
import { startFleet } from "../kit/fleet.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { EventLog, jobsOf, release, run, untilReleased } from "./kit.ts";
import { acceptedPeer, RawPeer, RawSubscriber } from "./peers.ts";

const JID = newJid(Date.UTC(2026, 0, 1), () => 0.5);

function returnOf(id: string, jid: string, value: unknown, changes: Readonly<Record<string, unknown>> = {}) {
  const body = encode(value);
  const head = { retcode: 0, success: true, startedAt: 1, durationMs: 1, sizeBytes: body.length, hash: sha256(body) };
  return { kind: "return", id, jid, ...head, body, ...changes };
}

/** A message of every kind, as the minion `id` might send it about a job. */
const messages: { readonly [K in FromMinionKind]: (id: string, jid: string) => Readonly<Record<string, unknown>> } = {
  ready: (id) => ({ kind: "ready", id, version: "9", grains: { stolen: true } }),
  running: (id, jid) => ({ kind: "running", id, jids: [jid] }),
  return: (id, jid) => returnOf(id, jid, "stolen"),
  chunk: (id, jid) => ({ kind: "chunk", id, jid, offset: 0, data: new Uint8Array(3) }),
  event: (id) => ({ kind: "event", id, tag: "stolen", data: {} }),
  ticket: (id) => ({ kind: "ticket", id }),
};

for (const kind of FROM_MINION_KINDS) {
  test(`T1: a "${kind}" in another minion's name is refused, ends the connection and changes nothing`, async () => {
    await using fleet = await startFleet({ minions: 1 });
    const brine = await fleet.client();
    await using thief = await acceptedPeer(fleet, "thief");
    using job = await brine.run({ target: "m1", function: "cmd.run", arguments: [untilReleased(fleet.root)] });
    await using events = await EventLog.open(fleet);
    const told = thief.messages.length;

    thief.send(messages[kind]("m1", job.jid ?? ""));
    await thief.ended();

    const refused = await events.seen(/^brine\/auth\/refused$/);
    assert.deepEqual([refused.data["id"], refused.data["role"]], ["thief", "minion"]);
    assert.match(String(refused.data["reason"]), new RegExp(`Cannot accept "${kind}" of "m1": "thief" sent it`));
    assert.equal(thief.messages.length, told, "it was told nothing");
    release(fleet.root);
    for await (const { minion, return: value } of job) assert.deepEqual([minion, value], ["m1", ""]);
    assert.ok(
      !events.tags.some((tag) => tag.includes("stolen") || tag === "brine/minion/m1/start"),
      events.tags.join(),
    );
    const byGrain = { target: { kind: "grain", expression: "stolen:True" }, function: "test.ping" } as const;
    await assert.rejects(brine.run(byGrain), /No minion matches/);
  });
}

test("T5: names of properties are neither kinds of messages nor functions", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const brine = await fleet.client();
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"]) {
    await using minion = await acceptedPeer(fleet, `x-${name.replaceAll("_", "")}`);
    minion.sendBytes(encode({ kind: name, id: "x" }));
    await minion.ended();
    const { answers } = await run(brine, { target: "m1", function: name });
    assert.deepEqual(answers.map(({ retcode }) => retcode), [254], name);
    const { answers: dotted } = await run(brine, { target: "m1", function: `test.${name}` });
    assert.deepEqual(dotted.map(({ retcode }) => retcode), [254], name);
  }
});

test("T20: a minion's events appear under its own prefix only, whatever their tags say", async () => {
  await using fleet = await startFleet({ minions: 0 });
  await using events = await EventLog.open(fleet);
  await using minion = await acceptedPeer(fleet, "x1");
  for (const tag of ["ok", "../../job/x/ret/y", "/brine/key", "brine/key"]) {
    minion.send({ kind: "event", id: "x1", tag, data: { tag } });
    const event = await until(tag, () => events.events.find(({ data }) => data["tag"] === tag));
    assert.equal(event.tag, `brine/minion/x1/${tag}`);
  }
});

test("T20: a return that no job expects is dropped, acknowledged and told; a second one changes nothing", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const brine = await fleet.client();
  await using events = await EventLog.open(fleet);
  await using minion = await acceptedPeer(fleet, "x1");
  const { summary } = await run(brine, { target: "m1", function: "test.ping" });
  for (const jid of [JID, summary.jid]) {
    minion.send(returnOf("x1", jid, "forged"));
    await until("the acknowledgement", () => minion.messages.some((m) => m.kind === "stored" && m.jids[0] === jid));
    await until(
      "the event",
      () => events.events.some(({ tag, data }) => tag.endsWith("/unexpected") && data["jid"] === jid),
    );
  }
  await fleet.untilLogged("MWorker-0", /x1 returned .* which does not expect it/);
  using shown = await brine.attach(summary.jid as typeof JID);
  for await (const answer of shown) assert.deepEqual([answer.minion, answer.return], ["m1", true]);

  // Its own job, answered three times.
  await using _ear = RawSubscriber.withTicket(fleet, await minion.told("welcome"));
  await fleet.untilUp(["x1"]);
  using own = await brine.run({ target: "x1", function: "test.ping" });
  minion.send(returnOf("x1", own.jid ?? "", "first"));
  minion.send(returnOf("x1", own.jid ?? "", "second", { retcode: 9, success: false }));
  const { body: _body, ...third } = returnOf("x1", own.jid ?? "", "third", { sizeBytes: 1_000_000 });
  minion.send(third);
  const answers = await Array.fromAsync(own);
  assert.deepEqual(answers.map((answer) => answer.return), ["first"]);
  assert.ok(own.jid);
  await until(
    "three acknowledgements",
    () => minion.messages.flatMap((m) => m.kind === "stored" ? m.jids : []).length >= 5,
  );
  using again = await brine.attach(own.jid);
  for await (const answer of again) assert.deepEqual([answer.return, answer.retcode], ["first", 0]);
});

test("T21: a malformed job id is refused from a minion and from an operator", async () => {
  await using fleet = await startFleet({ minions: 1 });
  for (const jid of ["", "../../etc/passwd", "20260101000000000-AAAAAA", `${JID}\0`, `${JID}/x`]) {
    for (const kind of ["running", "return", "chunk"] as const) {
      await using minion = await acceptedPeer(fleet, "x1");
      minion.send(messages[kind]("x1", jid));
      await minion.ended();
      await (await fleet.client()).changeKeys("delete", ["x1"]);
    }
    const brine = await fleet.client();
    await assert.rejects(brine.attach(jid as typeof JID));
  }
  const { summary } = await run(await fleet.client(), { target: "*", function: "test.ping" });
  assert.equal(summary.ledger.returned, 1);
});

test("T22: garbage from a minion ends that connection only, and is reported", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const brine = await fleet.client();
  const deep = (levels: number): unknown => levels === 0 ? 1 : [deep(levels - 1)];
  const hostile: readonly (readonly [string, Uint8Array])[] = [
    ["no msgpack", Uint8Array.of(0xc1, 0xff)],
    ["truncated", encode(messages.ready("x1", JID)).slice(0, 12)],
    ["a list", encode([1, 2, 3])],
    ["unknown kind", encode({ kind: "sudo", id: "x1" })],
    ["a key too many", encode({ ...messages.ticket("x1", JID), more: 1 })],
    ["deep grains", encode({ kind: "ready", id: "x1", version: "1", grains: { deep: deep(40) } })],
    ["a deep event", encode({ kind: "event", id: "x1", tag: "t", data: { deep: deep(13) } })],
    ["a large event", encode({ kind: "event", id: "x1", tag: "t", data: { text: "x".repeat(100_000) } })],
    ["a long tag", encode({ kind: "event", id: "x1", tag: "t".repeat(250), data: {} })],
    ["an inline body too large", encode(returnOf("x1", JID, "x".repeat(400_000)))],
  ];
  await using events = await EventLog.open(fleet);
  for (const [name, bytes] of hostile) {
    await using minion = await acceptedPeer(fleet, "x1");
    minion.sendBytes(bytes);
    await minion.ended().catch((cause) => assert.fail(`${name}: ${cause.message}`));
    await brine.changeKeys("delete", ["x1"]);
  }
  await until("the reports", () => events.tags.filter((tag) => tag === "brine/auth/refused").length === hostile.length);
  const { summary } = await run(brine, { target: "*", function: "test.ping" });
  assert.equal(summary.ledger.returned, 1);
  assert.equal(fleet.hearingCount("m1"), 1);
});

test("T9: a return that is no msgpack is that minion's failure, not the end of the operator's session", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const brine = await fleet.client();
  await using minion = await acceptedPeer(fleet, "x1");
  await using _ear = RawSubscriber.withTicket(fleet, await minion.told("welcome"));
  await fleet.untilUp(["x1"]);
  using job = await brine.run({ target: "*", function: "test.ping" });
  const body = Uint8Array.of(0xc1, 1, 2);
  minion.send({ ...returnOf("x1", job.jid ?? "", 0), body, sizeBytes: body.length, hash: sha256(body) });
  for await (const answer of job) {
    if (answer.minion === "x1") assert.match(String(answer.return), /^Cannot read the return/);
  }
  assert.deepEqual([job.summary().ledger.returned, job.summary().ledger.failed], [1, 1]);
  assert.equal((await jobsOf(brine)).length, 1);

  // The same in pieces.
  using large = await brine.run({ target: "x1", function: "test.ping" });
  const data = new Uint8Array(300_000).fill(0xc1);
  const announced = { body: undefined, sizeBytes: data.length, hash: sha256(data) };
  const { body: _body, ...head } = { ...returnOf("x1", large.jid ?? "", 0), ...announced };
  minion.send(head);
  await until("the wish", () => minion.messages.some((m) => m.kind === "want" && m.jid === large.jid));
  minion.send({ kind: "chunk", id: "x1", jid: large.jid, offset: 0, data });
  const [answer] = await Array.fromAsync(large);
  assert.match(String(answer?.return), /^Cannot read the return of x1/);
  assert.equal(large.summary().ledger.failed, 1);
});

test("A minion that speaks before its key was accepted is put out, and is pending as before", async () => {
  await using fleet = await startFleet({ minions: 0 });
  await using events = await EventLog.open(fleet);
  for (const kind of FROM_MINION_KINDS) {
    await using minion = new RawPeer(fleet, { id: `x-${kind}` });
    await minion.told("pending");
    minion.send(messages[kind](`x-${kind}`, JID) as FromMinion);
    await minion.ended();
  }
  const refused = () => events.events.filter(({ tag }) => tag === "brine/auth/refused");
  await until("the reports", () => refused().length === FROM_MINION_KINDS.length);
  assert.ok(refused().every(({ data }) => data["reason"] === "it spoke before its key was accepted"));
  assert.equal((await (await fleet.client()).keys()).minions.pending.length, FROM_MINION_KINDS.length);
});
