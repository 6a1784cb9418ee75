/** Tests of what an action comes to on an event, and of the jobs that the master gives itself. @module */
import assert from "node:assert/strict";
import * as v from "valibot";
import { type Action, action } from "../../src/config/actions.ts";
import { HouseOperator } from "../../src/master/house_operator.ts";
import type { FromQueue, Link } from "../../src/master/link.ts";
import { localExchange } from "../../src/master/local_exchange.ts";
import { MAX_HOPS, reactionOf } from "../../src/master/reaction.ts";
import { type BusEvent, encodeOperatorMessage, readFromOperator } from "../../src/wire/operator_messages.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

/** An action as it comes out of a file. */
const read = (input: unknown): Action => v.parse(action, input);

const eventOf = (data: BusEvent["data"], tag = "shop/order"): BusEvent => ({ sequence: 7, tag, at: 99, data });

/** Text that is something else to whoever evaluates it. */
const HOSTILE = [
  "*",
  "web*,db*",
  "$(id)",
  "`id`",
  "${HOME}",
  "{{ 7*7 }}",
  "{{x}}",
  "{% raw %}",
  "{ event: tag }",
  "%s%n",
  "; rm -rf /",
  "a b  c",
  "'\"\\",
  "line\nline",
  "-rf",
  "--option=value",
  "__proto__",
  "\u202e\u0000",
  "",
] as const;

const nested = { id: "web01", deep: { list: [{ name: "x" }, 5], flag: true, none: null } };

test("reactionOf() puts values of the event in, nested ones and those of the event itself", () => {
  const reaction = reactionOf(
    read({
      run: "test.arg",
      target: "web*",
      arguments: [
        { event: "deep.list.0.name" },
        { event: "deep.list.1" },
        { event: "deep.flag" },
        { event: "deep.none" },
        { event: "deep.list" },
        { event: "tag" },
        { event: "at" },
        { event: "sequence" },
        "plain",
        4,
        null,
      ],
      named: { whole: { event: "deep.list" }, plain: "x" },
    }),
    eventOf(nested),
  );
  assert.deepEqual(reaction, {
    kind: "run",
    job: {
      target: { kind: "glob", expression: "web*" },
      function: "test.arg",
      arguments: ["x", 5, true, null, nested.deep.list, "shop/order", 99, 7, "plain", 4, null],
      named: { whole: nested.deep.list, plain: "x" },
    },
  });
});

test("reactionOf() refuses a field that the event has not, and every property that nobody put there", () => {
  const fields = ["nothing", "deep.nothing", "id.length", "deep.none.x", "deep.flag.valueOf", "deep.list.2"];
  const inherited = ["constructor", "__proto__", "toString", "hasOwnProperty", "deep.constructor", "deep.__proto__"];
  const chains = ["constructor.prototype", "__proto__.toString", "deep.list.map", "deep.list.__proto__"];
  for (const field of [...fields, ...inherited, ...chains]) {
    for (
      const input of [
        { run: "test.arg", target: "*", arguments: [{ event: field }] },
        { run: "test.arg", target: { event: field } },
        { command: ["echo", { event: field }] },
        { emit: "x", data: { value: { event: field } } },
      ]
    ) {
      assert.throws(
        () => reactionOf(read(input), eventOf(nested)),
        { message: `Cannot react to shop/order: the event has no "${field}"` },
      );
    }
  }
});

test("T9: reactionOf() hands hostile text on untouched, as one word, one argument, one value", () => {
  for (const text of HOSTILE) {
    const event = eventOf({ text, [text]: "as a key" });
    const command = reactionOf(read({ command: ["notify", "--", { event: "text" }, "last"] }), event);
    assert.ok(command.kind === "command");
    assert.deepEqual(command.argv, ["notify", "--", text, "last"]);
    assert.deepEqual(JSON.parse(command.stdin), event);
    const run = reactionOf(read({ run: "cmd.run", target: "m1", arguments: [{ event: "text" }] }), event);
    assert.ok(run.kind === "run");
    assert.deepEqual(run.job.arguments, [text]);
    const emit = reactionOf(read({ emit: "x", data: { copy: { event: "text" } } }), event);
    assert.ok(emit.kind === "emit");
    assert.deepEqual([emit.tag, emit.data], ["x", { copy: text, hops: 1 }]);
  }
});

test("T9: reactionOf() lets no event give an argument by name, and hands on what it says where it is named", () => {
  for (const text of ["runas=root", "cwd=/", "_x=", "env=PATH=/tmp"]) {
    const event = eventOf({ text });
    const place = read({ run: "cmd.run", target: "m1", arguments: ["uptime", { event: "text" }] });
    assert.throws(() => reactionOf(place, event), /its "text" reads as an argument by name; .* named: \{ PARAMETER/);
    const named = reactionOf(read({ run: "test.arg", target: "m1", named: { text: { event: "text" } } }), event);
    assert.ok(named.kind === "run");
    assert.deepEqual(named.job.named, { text });
    const own = reactionOf(read({ run: "cmd.run", target: "m1", arguments: ["uptime", text] }), event);
    assert.ok(own.kind === "run");
    assert.deepEqual(own.job.arguments, ["uptime", text], "in the configuration it means what it says");
  }
});

test("T9: what stands in the configuration is no template either", () => {
  for (const text of HOSTILE) {
    const run = reactionOf(read({ run: "test.echo", target: "m1", arguments: [text] }), eventOf({ x: "filled in" }));
    assert.ok(run.kind === "run");
    assert.deepEqual(run.job.arguments, [text]);
  }
});

test("T9: reactionOf() takes one minion's id from an event as a target, and nothing that names more or none", () => {
  const target = read({ run: "test.ping", target: { event: "id" }, kind: "compound" });
  const good = reactionOf(target, eventOf({ id: "web-01.example.com" }));
  assert.ok(good.kind === "run");
  assert.deepEqual(good.job.target, { kind: "list", expression: "web-01.example.com" });
  for (const id of [...HOSTILE, "a,b", "web[01-99]", "G@os:Debian", "N@all", "../m1", "m1\n", 7, null, ["m1"], {}]) {
    if (id === "__proto__") continue; // no id by its first character, but as good a name as any: covered below
    assert.throws(() => reactionOf(target, eventOf({ id })), /its "id" is no minion's id$/, JSON.stringify(id));
  }
  assert.throws(() => reactionOf(target, eventOf({ id: "__proto__" })), /is no minion's id$/);
});

test("reactionOf() makes words of text and numbers only", () => {
  const words = read({ command: ["echo", 1, true, { event: "value" }] });
  for (const [value, want] of [["x", "x"], [1.5, "1.5"], [false, "false"], [2n ** 60n, String(2n ** 60n)]] as const) {
    const reaction = reactionOf(words, eventOf({ value }));
    assert.ok(reaction.kind === "command");
    assert.deepEqual(reaction.argv, ["echo", "1", "true", want]);
  }
  for (const value of [null, {}, ["a"], new Uint8Array(2)]) {
    assert.throws(() => reactionOf(words, eventOf({ value })), /its "value" is neither text nor a number/);
  }
});

test("reactionOf() writes an event for a command's stdin whatever is in it", () => {
  const event = eventOf({ body: Uint8Array.of(1, 2, 3), big: 2n ** 60n, none: null, not: NaN });
  const reaction = reactionOf(read({ command: ["cat"], timeout: 5 }), event);
  assert.ok(reaction.kind === "command");
  assert.deepEqual(JSON.parse(reaction.stdin), {
    sequence: 7,
    tag: "shop/order",
    at: 99,
    data: { body: { base64: "AQID" }, big: String(2n ** 60n), none: null, not: null },
  });
  assert.equal(reaction.timeoutMs, 5_000);
});

test("reactionOf() counts the events that led to one, so that one which feeds itself comes to an end", () => {
  const again = read({ emit: "shop/order", data: { hops: { event: "tag" } } });
  let event = eventOf({});
  for (let hops = 1; hops <= MAX_HOPS; hops++) {
    const reaction = reactionOf(again, event);
    assert.ok(reaction.kind === "emit");
    assert.deepEqual(reaction.data, { hops }, "what the configuration calls hops gives way");
    event = eventOf(reaction.data);
  }
  assert.throws(() => reactionOf(again, event), /Cannot emit shop\/order on shop\/order: 8 events led to it already/);
  for (const hops of [-5, "8", null, {}, NaN]) {
    const reaction = reactionOf(again, eventOf({ hops }));
    assert.ok(reaction.kind === "emit");
    assert.equal(reaction.data["hops"], 1);
  }
  const said = reactionOf(again, eventOf({ hops: 1e9 }, "brine/minion/m1/order"));
  assert.ok(said.kind === "emit" && said.data["hops"] === 1, "a minion has no say in it");
});

test("reactionOf() refuses to emit more than a client can be told", () => {
  const copy = read({ emit: "x", data: { a: { event: "text" }, b: { event: "text" } } });
  assert.throws(() => reactionOf(copy, eventOf({ text: "x".repeat(40_000) })), /it has \d+ bytes, limit 65536/);
});

/** A front that keeps what it is asked; the test answers. */
async function front() {
  const exchange = localExchange();
  const asked: { id: string; message: Uint8Array }[] = [];
  let link: Link<FromQueue> | undefined;
  const hub = await exchange.serve("MWorkerQueue", (own) => {
    link = own;
    return { receive: (message) => void (message.kind === "request" && asked.push(message)), closed: () => {} };
  });
  const answer = (message: Parameters<typeof encodeOperatorMessage>[0]) =>
    link?.send({ kind: "reply", message: encodeOperatorMessage(message) });
  return { exchange, asked, answer, [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose]() };
}

const JOB = { target: { kind: "glob", expression: "*" }, function: "test.ping", arguments: [], named: {} } as const;

test("HouseOperator gives jobs under its own name and says what the master answered to each", async () => {
  await using queue = await front();
  const clock = new ManualClock();
  using operator = new HouseOperator("reactor", { exchange: queue.exchange, clock });
  const [first, second] = [operator.give(JOB), operator.give({ ...JOB, arguments: ["$(id)", { a: [1] }] })];
  await until("both", () => queue.asked.length === 2);
  assert.deepEqual(queue.asked.map(({ id }) => id), ["reactor", "reactor"]);
  const [one, two] = queue.asked.map(({ message }) => readFromOperator(message));
  assert.ok(one?.kind === "run" && two?.kind === "run");
  assert.deepEqual(two.arguments, ["$(id)", { a: [1] }]);
  queue.answer({ kind: "refused", request: two.request, why: "usage", reason: "No minion matches" });
  queue.answer({ kind: "reply", request: one.request, value: {} });
  assert.deepEqual([await first, await second], [undefined, "No minion matches"]);
  assert.equal(clock.pending, 0);
});

test("HouseOperator waits for no answer for ever, and gives nothing that no worker could read", async () => {
  await using queue = await front();
  const clock = new ManualClock();
  const operator = new HouseOperator("schedule", { exchange: queue.exchange, clock });
  const late = operator.give(JOB);
  clock.advance(30_000);
  assert.match(await late ?? "", /^no answer within 30 s/);
  let deep: unknown = 1;
  for (let i = 0; i < 40; i++) deep = [deep];
  assert.match(await operator.give({ ...JOB, arguments: [deep] }) ?? "", /^Cannot give a job: Cannot read payload/);
  assert.match(await operator.give({ ...JOB, function: "x".repeat(200) }) ?? "", /^Cannot give a job/);
  await until("the first", () => queue.asked.length === 1);

  const many = Array.from({ length: 1_000 }, () => operator.give(JOB));
  assert.match(await operator.give(JOB) ?? "", /^1000 jobs wait for an answer already$/);
  operator[Symbol.dispose]();
  for (const refusal of await Promise.all(many)) assert.match(refusal ?? "", /^the master stops/);
  assert.equal(clock.pending, 0);
});
