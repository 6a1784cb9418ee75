/** Tests of how jobs are run side by side. @module */
import assert from "node:assert/strict";
import type { Jid } from "../../src/core/jid.ts";
import { Executor } from "../../src/minion/executor.ts";
import { defineFunction } from "../../src/minion/functions/function.ts";
import { FunctionTable } from "../../src/minion/functions/table.ts";
import { Spool } from "../../src/minion/spool.ts";
import { removePath, writePrivateFile } from "../../src/runtime/files.ts";
import { decode } from "../../src/wire/codec.ts";
import type { Job } from "../../src/wire/publish.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { jidOf, logTo, scratch } from "./kit.ts";

function world(maxRunning = 2) {
  const directory = scratch();
  const clock = new ManualClock();
  const lines: string[] = [];
  const returns: { jid: Jid; retcode: number; value: unknown }[] = [];
  const announced: Jid[][] = [];
  const gates = new Map<string, (value: unknown) => void>();
  const base = { summary: "x", example: "x", changesThings: false } as const;
  const functions = new FunctionTable([
    defineFunction({
      ...base,
      name: "t.wait",
      parameters: [{ name: "gate", type: "string", required: true, description: "x" }],
      run: async ({ gate }, { signal }) => {
        const { promise, resolve } = Promise.withResolvers<unknown>();
        gates.set(gate, resolve);
        signal.addEventListener("abort", () => resolve("killed"));
        return { return: await promise, retcode: 0 };
      },
    }),
  ]);
  const spool = new Spool(directory.at("spool"));
  const executor = new Executor({
    clock,
    log: logTo(lines),
    spool,
    maxRunning,
    context: {
      id: "m1",
      grains: () => Promise.resolve({}),
      temporaryDirectory: "/tmp",
      version: "1",
      functions,
      clock,
    },
    onReturn: ({ jid, retcode }, body) => void returns.push({ jid, retcode, value: decode(body) }),
    onRunning: (jids) => void announced.push([...jids]),
  });
  const job = (n: number, name = "t.wait"): Job => ({
    kind: "job",
    jid: jidOf(n),
    target: { kind: "glob", expression: "*" },
    function: name,
    arguments: [String(n)],
    named: {},
    operator: "root",
    createdAt: 0,
    expiresAt: 1,
  });
  return {
    executor,
    clock,
    lines,
    returns,
    announced,
    spool,
    spoolPath: directory.at("spool"),
    start: (n: number, name?: string) => executor.start(job(n, name)),
    finish: (n: number, value: unknown) => gates.get(String(n))?.(value),
    hasStarted: (n: number) => gates.has(String(n)),
    returned: (count: number) => until(`${count} returns`, () => returns.length >= count),
    async [Symbol.asyncDispose]() {
      await executor[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
      assert.equal(clock.pending, 0);
    },
  };
}

test("Executor runs so many side by side, the others in order, and whatever one answers the next has its turn", async () => {
  await using w = world(2);
  for (let n = 0; n < 5; n++) w.start(n);
  await until("two to run", () => w.hasStarted(1));
  assert.deepEqual([w.hasStarted(2), w.executor.jids.length], [false, 5]);
  w.finish(0, { deep: { date: new Date(0), nothing: undefined } });
  await until("the third", () => w.hasStarted(2));
  assert.equal(w.hasStarted(3), false);
  const unspeakable = {
    get value() {
      throw new Error("it cannot be told");
    },
  };
  w.finish(1, unspeakable);
  await until("the fourth", () => w.hasStarted(3));
  for (const n of [2, 3]) w.finish(n, n);
  await until("the fifth", () => w.hasStarted(4));
  w.finish(4, 4);
  await w.returned(5);
  assert.deepEqual(w.executor.jids, []);
  assert.deepEqual(w.returns.find(({ jid }) => jid === jidOf(0))?.value, {
    deep: { date: "1970-01-01T00:00:00.000Z", nothing: null },
  });
  assert.match(String(w.returns.find(({ jid }) => jid === jidOf(1))?.value), /could not be kept.*it cannot be told/);
});

test("Executor announces once the jobs that are here for 250 ms, those that wait too", async () => {
  await using w = world(1);
  w.start(0);
  w.clock.advance(200);
  w.start(1);
  await until("it to run", () => w.hasStarted(0));
  w.clock.advance(50);
  assert.deepEqual(w.announced, [[jidOf(0)]]);
  w.clock.advance(500);
  assert.deepEqual(w.announced, [[jidOf(0)], [jidOf(1)]]);
  w.finish(0, 0);
  await until("the second", () => w.hasStarted(1));
  w.clock.advance(1_000);
  assert.equal(w.announced.length, 2);
  w.start(2);
  w.executor.kill(jidOf(2));
  w.clock.advance(1_000);
  assert.equal(w.announced.length, 2, "who is gone is not announced");
});

test("Executor.kill() ends one that runs and one that waits, with retcode 130", async () => {
  await using w = world(1);
  w.start(0);
  w.start(1);
  await until("it to run", () => w.hasStarted(0));
  w.executor.kill(jidOf(9)); // nobody
  w.executor.kill(jidOf(1));
  w.executor.kill(jidOf(0));
  await w.returned(2);
  assert.deepEqual(w.returns.map(({ jid, retcode }) => [jid, retcode]), [[jidOf(1), 130], [jidOf(0), 130]]);
});

test("Executor answers at once what is beyond its bound", async () => {
  await using w = world(1);
  for (let n = 0; n <= 1_025; n++) w.start(n);
  assert.deepEqual(w.returns.map(({ jid, retcode }) => [jid, retcode]), [[jidOf(1_025), 1]]);
  assert.match(String(w.returns[0]?.value), /1024 jobs wait on this minion already/);
});

test("Executor tells the master that a job ran when its return cannot be kept", async () => {
  await using w = world(1);
  w.start(0);
  await until("it to run", () => w.hasStarted(0));
  removePath(w.spoolPath);
  writePrivateFile(w.spoolPath, "in the way");
  w.finish(0, "lost");
  await w.returned(1);
  assert.equal(w.returns[0]?.retcode, 1);
  assert.match(String(w.returns[0]?.value), /^The job ran \(retcode 0\), but its return could not be kept/);
  assert.match(w.lines.join(), /Cannot keep the return/);
});

test("Executor answers on its way out for what never had its turn", async () => {
  const w = world(1);
  w.start(0);
  w.start(1);
  await until("it to run", () => w.hasStarted(0));
  const directory = w[Symbol.asyncDispose]();
  await directory;
  assert.deepEqual(w.returns.map(({ jid, retcode }) => [jid, retcode]), [[jidOf(1), 130], [jidOf(0), 130]]);
});
