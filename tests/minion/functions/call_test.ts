import assert from "node:assert/strict";
import fc from "fast-check";
import { callFunction } from "../../../src/minion/functions/call.ts";
import { type CallContext, defineFunction, succeed } from "../../../src/minion/functions/function.ts";
import { builtinFunctions } from "../../../src/minion/functions/index.ts";
import { FunctionTable } from "../../../src/minion/functions/table.ts";
import { ManualClock } from "../../kit/manual_clock.ts";
import { test } from "../../kit/test.ts";
import { until } from "../../kit/until.ts";
import { call, openContext, wordsOf } from "./context.ts";

function tableWith(run: (context: CallContext) => Promise<unknown>): FunctionTable {
  return new FunctionTable([
    defineFunction({
      name: "x.y",
      summary: "",
      parameters: [],
      example: "x.y",
      changesThings: false,
      run: async (_args, context) => succeed(await run(context)),
    }),
  ]);
}

const request = { function: "x.y", arguments: [], named: {} };

test("callFunction() answers with the result, when it began and how long it took", async () => {
  const clock = new ManualClock();
  using context = openContext({ clock });
  const table = tableWith(() => {
    clock.advance(250);
    return Promise.resolve("done");
  });
  assert.deepEqual(await callFunction(table, request, context), {
    return: "done",
    retcode: 0,
    success: true,
    startedAt: Date.UTC(2026, 0, 1),
    durationMs: 250,
  });
});

test("callFunction() makes a thrown error a result without a stack trace", async () => {
  using context = openContext();
  const outcome = await callFunction(tableWith(() => Promise.reject(new TypeError("no such luck"))), request, context);
  assert.deepEqual([outcome.return, outcome.retcode, outcome.success], ["no such luck", 1, false]);
});

test("callFunction() makes wrong arguments a result", async () => {
  const outcome = await call("test.sleep", ["abc"]);
  assert.equal(outcome.return, 'Cannot call test.sleep: parameter "seconds" takes seconds, got "abc"');
  assert.equal(outcome.retcode, 1);
});

test("callFunction() answers 254 and a suggestion for an unknown function", async () => {
  const outcome = await call("tset.ping");
  assert.equal(outcome.return, 'Cannot run "tset.ping": no such function (did you mean "test.ping"?)');
  assert.equal(outcome.retcode, 254);
  assert.equal(outcome.success, false);
});

test("T5: callFunction() knows no function called like a property of an object", async () => {
  const names = Object.getOwnPropertyNames(Object.prototype)
    .concat(Object.getOwnPropertyNames(Map.prototype), Object.getOwnPropertyNames(FunctionTable.prototype))
    .concat("prototype", "", ".", "test", "test.", "test.ping ", "TEST.PING", "test.ping\0", "test.__proto__");
  for (const name of names) {
    const outcome = await call(name);
    assert.equal(outcome.retcode, 254, name);
    assert.match(String(outcome.return), /no such function/);
  }
  const known = new Set(builtinFunctions().names());
  await fc.assert(fc.asyncProperty(fc.string(), async (name) => {
    fc.pre(!known.has(name));
    assert.equal((await call(name)).retcode, 254);
  }));
});

test("callFunction() answers 130 when the job is killed", async () => {
  const stop = new AbortController();
  const clock = new ManualClock();
  const outcome = call("test.sleep", ["1h"], { signal: stop.signal, clock });
  await until("the sleep to begin", () => clock.pending > 0);
  stop.abort();
  assert.deepEqual([(await outcome).return, (await outcome).retcode], [
    "Cannot finish test.sleep: the job was killed",
    130,
  ]);
  assert.equal(clock.pending, 0);
});

test("callFunction() runs nothing when the job was killed before", async () => {
  const outcome = await call("test.ping", [], { signal: AbortSignal.abort() });
  assert.deepEqual([outcome.retcode, outcome.success], [130, false]);
});

test("callFunction() does not wait for ever for a function that does not listen to the kill", async () => {
  const stop = new AbortController();
  const clock = new ManualClock();
  using context = openContext({ signal: stop.signal, clock });
  const outcome = callFunction(tableWith(() => new Promise(() => {})), request, context);
  stop.abort();
  clock.advance(10_000);
  assert.equal((await outcome).retcode, 130);
});

test("FunctionTable refuses two functions of one name", () => {
  const [first] = builtinFunctions().under();
  assert.ok(first);
  assert.throws(() => new FunctionTable([first, first]), /it is there already/);
});

test("FunctionTable.under() takes a module or a whole name, not a part of one", () => {
  const names = (prefix?: string) => builtinFunctions().under(prefix).map(({ name }) => name);
  assert.deepEqual(names("cmd.run"), ["cmd.run"]);
  assert.deepEqual(names("sys"), ["sys.argspec", "sys.doc", "sys.list_functions", "sys.list_modules"]);
  assert.deepEqual(names("sys."), names("sys"));
  assert.deepEqual(names("cm"), []);
  assert.deepEqual(names(), builtinFunctions().names());
});

for (const { name, example, summary, parameters } of builtinFunctions().under()) {
  test(`${name}: its example runs, and it is described`, async () => {
    const [called = "", ...words] = wordsOf(example);
    assert.equal(called, name);
    assert.match(summary, /^[A-Z].*\.$/);
    for (const parameter of parameters) assert.ok(parameter.description.length > 0, parameter.name);
    const outcome = await call(called, words);
    assert.equal(outcome.retcode, name === "test.fail" ? 3 : 0, String(outcome.return));
  });
}
