/** Tests of the event bus's parts. @module */
import assert from "node:assert/strict";
import { EventClient } from "../../src/master/event_client.ts";
import { EventSubscriptions, type Listener, MAX_GLOBS, MAX_PATHS } from "../../src/master/event_subscriptions.ts";
import { runEventPublisher } from "../../src/master/event_publisher.ts";
import type { ToQueue } from "../../src/master/link.ts";
import { localExchange } from "../../src/master/local_exchange.ts";
import type { RoleContext } from "../../src/master/role.ts";
import { type BusEvent, readToOperator } from "../../src/wire/operator_messages.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { logTo } from "./kit.ts";

const listener = (): Listener => ({ take: () => {} });
const eventOf = (tag: string, data: BusEvent["data"] = {}): BusEvent => ({ sequence: 1, tag, at: 0, data });

test("EventSubscriptions.of() finds everybody whose globs match, each once", () => {
  const subscriptions = new EventSubscriptions();
  const [all, job, glob, both] = [listener(), listener(), listener(), listener()];
  subscriptions.add("*", all);
  subscriptions.add("brine/job/j1/*", job);
  subscriptions.add("brine/*/ret/m?", glob);
  subscriptions.add("brine/*", both);
  subscriptions.add("brine/job/j1/*", both);
  assert.deepEqual(subscriptions.of("brine/job/j1/ret/m1"), new Set([job, both, all, glob]));
  assert.deepEqual(subscriptions.of("brine/job/j12/ret/m1"), new Set([both, all, glob]));
  assert.deepEqual(subscriptions.of("other"), new Set([all]));
  for (const one of [all, job, glob, both]) subscriptions.remove(one);
  assert.equal(subscriptions.size, 0);
  assert.equal(subscriptions.of("brine/job/j1/ret/m1").size, 0);
});

test("EventSubscriptions.add() lets the oldest of one listener give way at the bound", () => {
  for (
    const [bound, globOf] of [[MAX_PATHS, (i: number) => `job/${i}/*`], [MAX_GLOBS, (i: number) => `j*${i}`]] as const
  ) {
    const subscriptions = new EventSubscriptions();
    const [one, other] = [listener(), listener()];
    subscriptions.add(globOf(0), other);
    for (let i = 0; i < bound; i++) assert.equal(subscriptions.add(globOf(i), one), undefined);
    subscriptions.add(globOf(0), one); // asked for again: the newest
    assert.equal(subscriptions.add(globOf(bound), one), globOf(1));
    assert.equal(subscriptions.size, bound);
    subscriptions.remove(one);
    assert.equal(subscriptions.size, 1);
  }
});

test("EventSubscriptions.add() keeps nothing of a glob that cannot be read", () => {
  const subscriptions = new EventSubscriptions();
  assert.throws(() => subscriptions.add("a[", listener()), /Cannot read tag glob/);
  assert.equal(subscriptions.size, 0);
});

test("EventClient sends a tick's events in messages well below the frame limit, and what it dropped last", async () => {
  const messages: { missed: number; events: BusEvent[] }[] = [];
  const client = new EventClient((bytes) => {
    assert.ok(bytes.length < 1024 * 1024);
    const message = readToOperator(bytes);
    if (message.kind === "events") messages.push(message);
  });
  const body = new Uint8Array(200 * 1024);
  for (let i = 0; i < 100; i++) client.take(eventOf(`brine/job/j/ret/${i}`, { body }));
  for (let i = 0; i < 20; i++) client.take(eventOf(`brine/minion/x/${i}`, { text: "x".repeat(60_000) }));
  await until("the messages", () => messages.at(-1)?.missed);
  const tags = messages.flatMap(({ events }) => events.map(({ tag }) => tag));
  const missed = messages.reduce((total, message) => total + message.missed, 0);
  assert.equal(tags.length + missed, 120);
  assert.ok(missed > 0 && missed < 40, `${missed}`);
  assert.equal(tags[0], "brine/job/j/ret/0");
});

test("EventPublisher tells a client nothing more once it has gone", async () => {
  const exchange = localExchange();
  const stop = new AbortController();
  const toQueue: ToQueue[] = [];
  await using _queue = await exchange.serve("MWorkerQueue", () => ({
    receive: (message) => void toQueue.push(message),
    closed: () => {},
  }));
  using link = exchange.connect("EventPublisher", () => {});
  const context = { exchange, clock: new ManualClock(), log: logTo([]), signal: stop.signal, ready: () => {} };
  const done = runEventPublisher(context as unknown as RoleContext);
  link.send({ kind: "emit", tag: "brine/early", data: {} });
  link.send({ kind: "clients", clients: [{ peer: 7, globs: ["brine/*"] }, { peer: 8, globs: ["brine/*"] }] });
  link.send({ kind: "gone", peer: 8 });
  link.send({ kind: "emit", tag: "brine/one", data: {} });
  const toldTo = (peer: number) =>
    toQueue.flatMap((message) => {
      const told = message.kind === "to_peer" && message.peer === peer && readToOperator(message.message);
      return told && told.kind === "events" ? told.events.map(({ tag }) => tag) : [];
    });
  await until("the events", () => toldTo(7).length === 2);
  assert.deepEqual([toldTo(7), toldTo(8)], [["brine/early", "brine/one"], ["brine/early"]]);
  stop.abort();
  await done;
});
