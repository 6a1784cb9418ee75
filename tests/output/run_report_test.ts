import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { RUN_FORMATS } from "../../src/output/run_formats.ts";
import { formatRun } from "../../src/output/run_report.ts";
import { NodeSet } from "../../src/target/node_set.ts";
import { test } from "../kit/test.ts";
import { answer, run } from "./summary.ts";

const NARROW = { colour: false, width: 40 };
const WEB = NodeSet.parse("web[01-12,14]");

test("formatRun() folds equal answers, shows failures and groups who is missing", async () => {
  const returns = {
    ...Object.fromEntries([...WEB].map((id) => [id, answer("ok")])),
    db3: answer("no space left\non device", 3),
    app1: answer({ a: 1 }),
    app2: answer(""),
  };
  const missing = { db1: "unreachable since 12:03", db2: "unreachable since 12:03", x: "still running" };
  assert.equal(
    await formatRun(run(returns, missing), "folded"),
    [
      "web[01-12,14] (13): ok",
      "app1:",
      "  a: 1",
      "app2:",
      "db3 (exit 3):",
      "  no space left",
      "  on device",
      "db[1-2] (2): did not answer: unreachable since 12:03",
      "x: did not answer: still running",
      "16 of 19 answered in 12 ms, 1 failed, 3 did not answer",
    ].join("\n"),
  );
});

test("formatRun() puts a value beside its header only where it fits", async () => {
  const long = "a line of forty and some more characters";
  assert.equal(
    await formatRun(run({ web01: answer(long + "!!") }), "folded", NARROW),
    [
      "web01:",
      `  ${long}!!`,
      "1 of 1 answered in 12 ms",
    ].join("\n"),
  );
  assert.match(await formatRun(run({ web01: answer(long + "!!") }), "folded"), /^web01: a line/);
});

test("formatRun() says so when no minion matched", async () => {
  assert.equal(await formatRun(run({}), "folded"), "no minion matched");
});

test("formatRun() colours ids only when the style says so", async () => {
  const summary = run({ a: answer(1), b: answer("x", 2) }, { c: "asleep" });
  const text = await formatRun(summary, "folded", { colour: true, width: 80 });
  assert.equal(text.split("\n")[0], "\x1b[32ma\x1b[0m: 1");
  assert.equal(text.split("\n")[1], "\x1b[31mb\x1b[0m (exit 2): x");
  assert.equal(text.split("\n")[2], "\x1b[33mc\x1b[0m: did not answer: asleep");
  for (const format of RUN_FORMATS) {
    assert.ok(!(await formatRun(summary, format)).includes("\x1b"), format);
  }
});

test("formatRun() prints a block for each minion when nested", async () => {
  const summary = run({ web10: answer(true), web2: answer({ k: ["x", "y"] }), db: answer("bad", 1) }, { z: "asleep" });
  assert.equal(
    await formatRun(summary, "nested"),
    [
      "db (exit 1):",
      "    bad",
      "web2:",
      "    k:",
      "      - x",
      "      - y",
      "web10:",
      "    true",
      "z:",
      "    did not answer: asleep",
    ].join("\n"),
  );
});

test("formatRun() prints one JSON document with exactly the promised keys", async () => {
  const summary = run({ web2: answer(new Uint8Array([1, 2])), web1: answer(2n ** 60n, 1) }, { db: "asleep" });
  const document = JSON.parse(await formatRun(summary, "json"));
  assert.deepEqual(document, {
    jid: "20260101000000000000",
    target: "*",
    function: "test.echo",
    arguments: ["ok"],
    expected: ["db", "web1", "web2"],
    returns: {
      web1: { return: "1152921504606846976", retcode: 1, success: false, startedAt: 1_767_225_600_000, durationMs: 5 },
      web2: { return: { base64: "AQI=" }, retcode: 0, success: true, startedAt: 1_767_225_600_000, durationMs: 5 },
    },
    missing: ["db"],
    ledger: { published: 0, delivered: 0, running: 0, returned: 2, failed: 0, expired: 0, unreachable: 1 },
  });
  assert.deepEqual(Object.keys(document.returns), ["web1", "web2"]);
});

test("formatRun() prints YAML that reads as the JSON does", async () => {
  await fc.assert(fc.asyncProperty(
    fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9]{0,4}$/), fc.jsonValue().map((value) => answer(value)), {
      maxKeys: 4,
    }),
    fc.string({ unit: "binary", maxLength: 20 }),
    async (returns, text) => {
      const summary = run({ ...returns, text: answer({ text, [text]: 1 }) });
      const yaml = await formatRun(summary, "yaml");
      assert.deepEqual(parse(yaml, { maxAliasCount: 0 }), JSON.parse(await formatRun(summary, "json")));
    },
  ));
});

test("formatRun() prints a line for each line in txt", async () => {
  const summary = run({ web1: answer("a\nb\n"), web2: answer(""), web3: answer({ k: 1 }) }, { db: "asleep" });
  assert.equal(await formatRun(summary, "txt"), ["web1: a", "web1: b", "web2:", "web3: k: 1"].join("\n"));
});

test("formatRun() keeps control characters in txt for a pipe only", async () => {
  const summary = run({ web1: answer("\x1b[31mred\x07") });
  assert.equal(
    await formatRun(summary, "txt", { colour: false, width: 80, keepControls: true }),
    "web1: \x1b[31mred\x07",
  );
  assert.equal(await formatRun(summary, "txt"), "web1: \\x1b[31mred\\x07");
});

test("formatRun() prints a table", async () => {
  const summary = run({ web1: answer("a\nb"), web02: answer("x".repeat(100), 12) }, { db: "asleep" });
  assert.equal(
    await formatRun(summary, "table", { colour: false, width: 60 }),
    [
      "MINION  EXIT  TOOK  RESULT",
      "web1       0  5 ms  a …",
      `web02     12  5 ms  ${"x".repeat(36)}…`,
      "db         -     -  did not answer: asleep",
    ].join("\n"),
  );
});

test("formatRun() lets no minion drive the terminal, in any format", async () => {
  const hostile = fc.string({ unit: "binary", maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(hostile, hostile, hostile, fc.constantFrom(...RUN_FORMATS), async (a, b, c, format) => {
      const values = {
        [`w${a}`]: answer(a),
        x: answer({ [b]: [c, { k: a }] }, 1),
        y: answer(`\x1b]0;${a}\x9b2J\u202e${b}`),
      };
      const text = await formatRun(run(values, { [`m${b}`]: c }), format);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    }),
  );
});
