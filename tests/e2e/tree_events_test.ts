/**
 * The event bus of a running master under load: 10,000 events a second from one role to three operators.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { connect } from "../../mod.ts";
import { systemClock } from "../../src/core/clock.ts";
import { processExchange } from "../../src/master/process_exchange.ts";
import { Fleet } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";

const EVENTS = 20_000;

test("10,000 events a second go from one role to three operators and another role, and none is lost uncounted", {
  timeoutMs: 60_000,
}, async () => {
  await using fleet = await Fleet.start({ master: ["--worker-threads", "1"] });
  const directory = join(fleet.root, "run/brine", `roles.${fleet.master.pid}`);
  const fail = () => assert.fail("the bus does not keep up");
  const exchange = processExchange({ directory, clock: systemClock, onDropped: fail, onOverflow: fail });
  const heard: number[] = [];
  using bus = exchange.connect("EventPublisher", ({ event }) => heard.push(Number(event.data["n"])), () => {
    bus.send({ kind: "listen", glob: "load/*" });
  });
  const beginning = Promise.withResolvers<void>();
  const subscribed: Promise<void>[] = [];
  const operators = Array.from({ length: 3 }, async () => {
    await using brine = await connect({ root: fleet.root });
    const events = brine.events("load/*")[Symbol.asyncIterator]();
    let next = events.next(); // subscribed from here on
    subscribed.push(brine.minions().then(() => {})); // answered after the subscription
    await beginning.promise;
    let last = 0;
    let missed = 0;
    for (;;) {
      const { value } = await next;
      if (!value) break;
      if (value.tag === "brine/missed") missed += Number(value.data["count"]);
      else assert.equal(value.data["n"], ++last + missed, "in order");
      if (last + missed >= EVENTS) break;
      next = events.next();
    }
    await events.return?.();
    return { last, missed, endedAt: performance.now() };
  });
  while (subscribed.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all(subscribed);
  beginning.resolve();
  const startedAt = performance.now();
  for (let n = 1; n <= EVENTS; n++) {
    bus.send({ kind: "emit", tag: `load/${n % 7}`, data: { n, text: "something happened" } });
    if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const told = await Promise.all(operators);
  const rate = Math.round(EVENTS / (Math.max(...told.map(({ endedAt }) => endedAt)) - startedAt) * 1000);
  const missed = told.map((one) => one.missed);
  // deno-lint-ignore no-console -- a measurement, which no machine but the reader's can judge
  console.error(`events a second, from one role to three operators and another role: ${rate}; missed: ${missed}`);
  assert.deepEqual(missed, [0, 0, 0]);
  for (const { last, missed } of told) assert.equal(last + missed, EVENTS);
  assert.deepEqual(heard, Array.from({ length: EVENTS }, (_, n) => n + 1));
});
