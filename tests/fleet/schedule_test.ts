/** Jobs that the master gives at times. @module */
import assert from "node:assert/strict";
import * as v from "valibot";
import { schedule } from "../../src/config/actions.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { FromQueue, Link, ToEvents } from "../../src/master/link.ts";
import { localExchange } from "../../src/master/local_exchange.ts";
import { runMaintenance } from "../../src/master/maintenance.ts";
import type { RoleContext } from "../../src/master/role.ts";
import { encodeOperatorMessage, readFromOperator } from "../../src/wire/operator_messages.ts";
import { Scratch } from "../core/scratch.ts";
import { startFleet } from "../kit/fleet.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { logTo } from "../master/kit.ts";
import { EventLog, jobsOf, pass } from "./kit.ts";

const tableOf = (jobs: unknown) => v.parse(schedule, jobs);

test("The schedule gives jobs under its own name, and what is refused is an event", async () => {
  const clock = new ManualClock();
  const jobs = tableOf({
    beat: { run: "test.echo", target: "m*", arguments: ["$(id)", 4, null], every: "10s" },
    lost: { run: "test.ping", target: "nobody", every: "25s" },
  });
  await using fleet = await startFleet({ minions: 2, clock, master: { schedule: jobs } });
  const brine = await fleet.client();
  await using events = await EventLog.open(fleet, "brine/schedule/*");
  assert.deepEqual(await jobsOf(brine), []);
  await pass(clock, 10_000);
  await events.seen(/given$/);
  await pass(clock, 15_000);
  const given = await until("the jobs", async () => {
    const all = await jobsOf(brine);
    return all.length === 2 && all.every(({ returnedCount }) => returnedCount === 2) && all;
  });
  assert.deepEqual(given.map((job) => [job.operator, job.function, job.target.expression]), [
    ["schedule", "test.echo", "m*"],
    ["schedule", "test.echo", "m*"],
  ]);
  const failed = await events.seen(/failed$/);
  assert.equal(failed.data["name"], "lost");
  assert.match(String(failed.data["reason"]), /No minion matches/);
  assert.deepEqual(events.events.filter(({ tag }) => tag.endsWith("given")).map(({ data }) => data), [
    { name: "beat" },
    { name: "beat" },
  ]);
});

/** A clock whose time can be set while its timers go on, as the machine's. */
class SetClock implements Clock {
  readonly #steady = new ManualClock(new Date(2026, 5, 10, 12, 0, 0).getTime());
  #setByMs = 0;

  now(): number {
    return this.#steady.now() + this.#setByMs;
  }

  after(delayMs: number, fire: () => void): Disposable {
    return this.#steady.after(delayMs, fire);
  }

  every(periodMs: number, fire: () => void): Disposable {
    return this.#steady.every(periodMs, fire);
  }

  set(byMs: number): void {
    this.#setByMs += byMs;
  }

  get pending(): number {
    return this.#steady.pending;
  }

  /** Time goes by, and everybody does what it brings. */
  async pass(byMs: number): Promise<void> {
    for (let leftMs = byMs; leftMs > 0; leftMs -= 1_000) {
      this.#steady.advance(Math.min(leftMs, 1_000));
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Maintenance with a front and a bus that are the test's own. */
async function alone(jobs: unknown) {
  const scratch = new Scratch();
  const clock = new SetClock();
  const exchange = localExchange();
  const given: string[] = [];
  const emitted: string[] = [];
  const state = { refusal: "" };
  const hubs = [
    await exchange.serve("EventPublisher", () => ({
      receive: (message: ToEvents) => void (message.kind === "emit" && emitted.push(message.tag)),
      closed: () => {},
    })),
    await exchange.serve("MWorkerQueue", (link: Link<FromQueue>) => ({
      receive(message) {
        if (message.kind !== "request") return;
        assert.equal(message.id, "schedule");
        const request = readFromOperator(message.message);
        assert.ok(request.kind === "run");
        const time = new Date(clock.now()).toTimeString().slice(0, 8);
        given.push(`${request.function} ${time}`);
        const answer = state.refusal === ""
          ? { kind: "reply", request: request.request, value: {} } as const
          : { kind: "refused", request: request.request, why: "usage", reason: state.refusal } as const;
        link.send({ kind: "reply", message: encodeOperatorMessage(answer) });
      },
      closed: () => {},
    })),
  ];
  const stop = new AbortController();
  const context = {
    config: {
      schedule: tableOf(jobs),
      paths: { database: scratch.at("master.sqlite") },
      loopIntervalMs: 1e12,
      publishSessionMs: 1e12,
      keepJobsMs: 1e12,
    },
    clock,
    exchange,
    log: logTo([]),
    signal: stop.signal,
    ready: () => {},
  };
  const done = runMaintenance(context as unknown as RoleContext);
  return {
    clock,
    given,
    emitted,
    state,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      for (const hub of hubs) await hub[Symbol.asyncDispose]();
      assert.equal(clock.pending, 0, "no timer is left");
      scratch[Symbol.dispose]();
    },
  };
}

test("The schedule gives each job at its own times, by cron and by period", async () => {
  await using house = await alone({
    a: { run: "quarter", target: "*", cron: "*/15 * * * *" },
    b: { run: "period", target: "*", every: "20m" },
    c: { run: "night", target: "*", cron: "30 3 * * *" },
  });
  await house.clock.pass(HOUR);
  assert.deepEqual(
    house.given,
    [
      "quarter 12:15:00",
      "period 12:20:00",
      "quarter 12:30:00",
      "period 12:40:00",
      "quarter 12:45:00",
      "quarter 13:00:00",
      "period 13:00:00",
    ].toSorted((a, b) => a.slice(-8).localeCompare(b.slice(-8))),
  );
  assert.deepEqual([...new Set(house.emitted)], ["brine/schedule/given"]);
  house.state.refusal = "no";
  await house.clock.pass(15 * MINUTE);
  assert.deepEqual(house.emitted.at(-1), "brine/schedule/failed");
});

test("The schedule gives a job once, late, when the clock was set forward over its times, and then as ever", async () => {
  await using house = await alone({ a: { run: "hourly", target: "*", cron: "0 * * * *" } });
  await house.clock.pass(10 * MINUTE);
  house.clock.set(5 * HOUR + 2 * MINUTE);
  await house.clock.pass(MINUTE);
  assert.equal(house.given.length, 1, house.given.join());
  assert.match(house.given[0] ?? "", /^hourly 17:12:/);
  await house.clock.pass(HOUR);
  assert.deepEqual(house.given.slice(1), ["hourly 18:00:00"]);
});

test("The schedule goes on when the clock is set back: periods at once, a time of the day not twice", async () => {
  await using house = await alone({
    a: { run: "period", target: "*", every: "10m" },
    b: { run: "noon", target: "*", cron: "10 12 * * *" },
  });
  await house.clock.pass(11 * MINUTE);
  assert.deepEqual(house.given.map((line) => line.split(" ")[0]).toSorted(), ["noon", "period"]);
  house.clock.set(-2 * HOUR);
  await house.clock.pass(11 * MINUTE);
  assert.equal(house.given.filter((line) => line.startsWith("period")).length, 2);
  await house.clock.pass(3 * HOUR);
  assert.equal(house.given.filter((line) => line.startsWith("noon")).length, 1);
});

test("The schedule follows a clock that was years ahead when it is put right", async () => {
  await using house = await alone({ a: { run: "hourly", target: "*", cron: "0 * * * *" } });
  house.clock.set(-4 * 365 * 24 * HOUR);
  await house.clock.pass(HOUR + MINUTE);
  assert.equal(house.given.length, 1);
});
