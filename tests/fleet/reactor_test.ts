/** What the master does of its own accord when something happens. @module */
import assert from "node:assert/strict";
import * as v from "valibot";
import { reactor } from "../../src/config/actions.ts";
import type { FromEvents, Link, ToEvents } from "../../src/master/link.ts";
import { localExchange } from "../../src/master/local_exchange.ts";
import { runReactor } from "../../src/master/reactor.ts";
import type { RoleContext } from "../../src/master/role.ts";
import { readTextIfThere } from "../../src/runtime/files.ts";
import { Scratch } from "../core/scratch.ts";
import { startFleet } from "../kit/fleet.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { logTo } from "../master/kit.ts";
import { EventLog, jobsOf } from "./kit.ts";
import { acceptedPeer, type RawPeer } from "./peers.ts";

/** The table as it comes out of a file. */
const tableOf = (...entries: unknown[]) => v.parse(reactor, entries);

/** A fleet that reacts like this, and a minion that says what the test wants. */
async function reacting(entries: unknown[], minions = 1) {
  const fleet = await startFleet({ minions, master: { reactor: tableOf(...entries) } });
  const peer = await acceptedPeer(fleet, "x1");
  const events = await EventLog.open(fleet);
  return {
    fleet,
    events,
    say: (tag: string, data: Readonly<Record<string, unknown>> = {}) => says(peer, tag, data),
    async [Symbol.asyncDispose]() {
      await events[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
      await fleet[Symbol.asyncDispose]();
    },
  };
}

const says = (peer: RawPeer, tag: string, data: Readonly<Record<string, unknown>>) =>
  peer.send({ kind: "event", id: "x1", tag, data });

const HOSTILE = ["*", "$(touch /tmp/x)", "`id`", "{{ 7*7 }}", "-rf", "cwd=/", "a b\n'\"\\", "web[01-99]"];

test("T9: a reaction runs a function on the minion that the event names, with the event's values as they are", async () => {
  await using here = await reacting([{
    tag: "brine/minion/*/deploy",
    actions: [{
      run: "test.arg",
      target: { event: "host" },
      arguments: [{ event: "deep.x" }],
      named: { text: { event: "text" } },
    }],
  }], 2);
  const brine = await here.fleet.client();
  for (const text of HOSTILE) here.say("deploy", { host: "m2", text, deep: { x: [text, { y: 1 }] } });
  const jobs = await until("the jobs", async () => {
    const all = await jobsOf(brine);
    return all.length === HOSTILE.length && all.every(({ returnedCount }) => returnedCount === 1) && all;
  });
  for (const job of jobs) {
    assert.deepEqual([job.operator, job.function, job.target.expression], ["reactor", "test.arg", "m2"]);
  }
  const returns = await Promise.all(jobs.map(async ({ jid }) => {
    using shown = await brine.attach(jid, { follow: false });
    return (await Array.fromAsync(shown))[0]?.return;
  }));
  const bound = returns.map((value) => value as { words: unknown[]; named: { text: string } });
  assert.deepEqual(new Set(bound.map(({ named }) => named.text)), new Set(HOSTILE));
  for (const { words, named } of bound) {
    assert.deepEqual([words, Object.keys(named)], [[[named.text, { y: 1 }]], ["text"]]);
  }
  assert.ok(here.events.events.some(({ tag, data }) => tag.endsWith("/new") && data["operator"] === "reactor"));
});

test("T9: a target from an event that is no minion's id, or nobody's, is refused and told", async () => {
  await using here = await reacting([{
    tag: "brine/minion/x1/ping",
    actions: [{ run: "test.ping", target: { event: "host" } }],
  }]);
  for (const host of ["*", "m1,x1", "m[1-2]", "", "nobody", 7]) here.say("ping", { host });
  here.say("ping", {});
  const failed = await until("the failures", () => {
    const found = here.events.events.filter(({ tag }) => tag === "brine/reactor/failed");
    return found.length === 7 && found;
  });
  const reasons = failed.map(({ data }) => String(data["reason"]));
  assert.equal(reasons.filter((reason) => /its "host" is no minion's id$/.test(reason)).length, 5, reasons.join("\n"));
  assert.ok(reasons.some((reason) => /No minion matches/.test(reason)), reasons.join("\n"));
  assert.ok(reasons.some((reason) => /the event has no "host"/.test(reason)), reasons.join("\n"));
  assert.ok(failed.every(({ data }) => data["tag"] === "brine/minion/x1/ping"));
  assert.deepEqual(await jobsOf(await here.fleet.client()), []);
});

test("T9: a reaction runs a command with the event's values as single words and the event on its stdin, no shell", async () => {
  using scratch = new Scratch();
  const [words, stdin] = [scratch.at("words"), scratch.at("stdin")];
  const script = 'printf "<%s><%s>\\n--\\n" "$1" "$2" >> "$0"'; // one write: several run side by side
  await using here = await reacting([
    { tag: "brine/minion/*/words", actions: [{ command: ["sh", "-c", script, words, { event: "text" }, "last"] }] },
    { tag: "brine/minion/*/stdin", actions: [{ command: ["tee", "-a", stdin] }] },
  ]);
  for (const text of HOSTILE) here.say("words", { text });
  const lines = await until("the commands", () => {
    const found = (readTextIfThere(words) ?? "").split("\n--\n").slice(0, -1);
    return found.length === HOSTILE.length && found;
  });
  assert.deepEqual(new Set(lines), new Set(HOSTILE.map((text) => `<${text}><last>`)));
  here.say("stdin", { text: HOSTILE, bytes: Uint8Array.of(1, 2, 3) });
  const { tag, data, at, sequence } = JSON.parse(
    await until("the event", () => {
      const text = readTextIfThere(stdin);
      return text?.endsWith("}") && text;
    }),
  );
  assert.equal(tag, "brine/minion/x1/stdin");
  assert.deepEqual(data, { text: HOSTILE, bytes: { base64: "AQID" } });
  assert.ok(at > 0 && sequence > 0);
});

test("A command that fails, does not end in time or cannot be started is an event, and others go on", async () => {
  await using here = await reacting([
    { tag: "*/false", actions: [{ command: ["false"] }] },
    { tag: "*/slow", actions: [{ command: ["sleep", "30"], timeout: 0.05 }] },
    { tag: "*/none", actions: [{ command: ["/no/such/program"] }, { emit: "after/none" }] },
    { tag: "*/nul", actions: [{ command: ["echo", { event: "text" }] }] },
  ]);
  for (const tag of ["false", "slow", "none"]) here.say(tag);
  here.say("nul", { text: "a\0b" });
  const reasonOf = async (tag: string) => {
    const isIt = ({ tag: own, data }: { tag: string; data: Readonly<Record<string, unknown>> }) =>
      own === "brine/reactor/failed" && data["tag"] === `brine/minion/x1/${tag}`;
    return String((await until(`the failure of ${tag}`, () => here.events.events.find(isIt))).data["reason"]);
  };
  assert.equal(await reasonOf("false"), "false ended with 1");
  assert.equal(await reasonOf("slow"), "sleep did not end within 0.05 s");
  assert.match(await reasonOf("none"), /^Cannot run "\/no\/such\/program": no such program$/);
  assert.match(await reasonOf("nul"), /contains a NUL byte$/);
  await here.events.seen(/^after\/none$/);
});

test("A reaction emits an event, which leads to the next", async () => {
  await using here = await reacting([
    { tag: "brine/minion/*/sold", actions: [{ emit: "shop/sold", data: { item: { event: "item" }, shop: 7 } }] },
    { tag: "shop/*", actions: [{ emit: "ledger/booked", data: { from: { event: "tag" }, item: { event: "item" } } }] },
  ]);
  here.say("sold", { item: { name: "{{x}}" }, hops: 100 });
  const booked = await here.events.seen(/^ledger\/booked$/);
  assert.deepEqual(booked.data, { from: "shop/sold", item: { name: "{{x}}" }, hops: 2 });
  const sold = await here.events.seen(/^shop\/sold$/);
  assert.deepEqual(sold.data, { item: { name: "{{x}}" }, shop: 7, hops: 1 });
  assert.ok(sold.sequence < booked.sequence);
});

test("A reaction that feeds itself ends after eight events, and that is told", async () => {
  await using here = await reacting([
    { tag: "brine/minion/*/begin", actions: [{ emit: "loop/a" }] },
    { tag: "loop/a", actions: [{ emit: "loop/b" }] },
    { tag: "loop/b", actions: [{ emit: "loop/a" }] },
  ]);
  here.say("begin");
  const failed = await here.events.seen(/^brine\/reactor\/failed$/);
  assert.match(String(failed.data["reason"]), /8 events led to it already/);
  const loops = here.events.events.filter(({ tag }) => tag.startsWith("loop/"));
  assert.deepEqual(loops.map(({ tag }) => tag), Array.from({ length: 8 }, (_, i) => i % 2 === 0 ? "loop/a" : "loop/b"));
  assert.deepEqual(loops.map(({ data }) => data["hops"]), [1, 2, 3, 4, 5, 6, 7, 8]);
});

// --- the role by itself ---

/** The reactor between a bus and a front that are the test's own. */
async function alone(entries: unknown[]) {
  const exchange = localExchange();
  const emitted: Extract<ToEvents, { kind: "emit" }>[] = [];
  const listening: string[] = [];
  const asked: Uint8Array[] = [];
  const lines: string[] = [];
  let bus: Link<FromEvents> | undefined;
  const hubs = [
    await exchange.serve("EventPublisher", (link) => {
      bus = link;
      const receive = (message: ToEvents) => {
        if (message.kind === "emit") emitted.push(message);
        if (message.kind === "listen") listening.push(message.glob);
      };
      return { receive, closed: () => {} };
    }),
    await exchange.serve("MWorkerQueue", () => ({
      receive: (message) => void (message.kind === "request" && asked.push(message.message)),
      closed: () => {},
    })),
  ];
  const stop = new AbortController();
  const context = {
    config: { reactor: tableOf(...entries) },
    exchange,
    clock: new ManualClock(),
    log: logTo(lines),
    signal: stop.signal,
    ready: () => {},
  };
  const done = runReactor(context as unknown as RoleContext);
  await until("it listens", () => listening.length > 0);
  let sequence = 0;
  return {
    emitted,
    listening,
    asked,
    lines,
    happens: (tag: string, data = {}) =>
      bus?.send({ kind: "event", event: { sequence: ++sequence, tag, at: 0, data } }),
    async stop() {
      stop.abort();
      await done;
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      for (const hub of hubs) await hub[Symbol.asyncDispose]();
    },
  };
}

test("The reactor never reacts to its own events, also where it listens to all", async () => {
  await using reactor = await alone([{ tag: "*", actions: [{ emit: "seen", data: { x: { event: "no.such" } } }] }]);
  reactor.happens("brine/reactor/failed");
  reactor.happens("brine/reactor/dropped", { count: 1 });
  reactor.happens("shop/order");
  await until("the failure", () => reactor.emitted.length === 1);
  for (const { tag, data } of reactor.emitted.slice()) reactor.happens(tag, data);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(reactor.emitted.map(({ tag, data }) => [tag, data["tag"]]), [[
    "brine/reactor/failed",
    "shop/order",
  ]]);
});

test("The reactor does ten things at a time, lets 10,000 wait, drops the rest, and tells how many", async () => {
  await using reactor = await alone([{ tag: "shop/*", actions: [{ run: "test.ping", target: "*" }] }]);
  for (let i = 0; i < 10_030; i++) reactor.happens("shop/order");
  await until("the first jobs", () => reactor.asked.length === 10);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(reactor.asked.length, 10);
  await reactor.stop();
  const dropped = reactor.emitted.filter(({ tag }) => tag === "brine/reactor/dropped");
  assert.equal(dropped.reduce((sum, { data }) => sum + Number(data["count"]), 0), 10_020);
  assert.equal(dropped.length, 1);
  assert.equal(reactor.emitted.filter(({ tag }) => tag === "brine/reactor/failed").length, 10, "those without answer");
  assert.equal(reactor.lines.filter((line) => /^10020 reactions were dropped/.test(line)).length, 1);
});

test("The reactor listens to its tags, to all when they are more than the bus keeps, and sorts out itself", async () => {
  const entryOf = (tag: string) => ({ tag, actions: [{ emit: `seen/${tag.replaceAll("*", "x")}` }] });
  await using few = await alone([entryOf("a/*"), entryOf("*b*")]);
  assert.deepEqual(few.listening, ["a/*", "*b*"]);
  await using many = await alone(Array.from({ length: 65 }, (_, i) => entryOf(`*/tag${i}`)));
  assert.deepEqual(many.listening, ["*"]);
  for (const tag of ["x/tag0", "other", "x/tag64"]) many.happens(tag);
  await until("both", () => many.emitted.length === 2);
  assert.deepEqual(many.emitted.map(({ tag }) => tag), ["seen/x/tag0", "seen/x/tag64"]);
});
