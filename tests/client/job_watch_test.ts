/** Tests of the account of one job, with time by hand and a bus of our own. @module */
import assert from "node:assert/strict";
import { JobWatch, type WatchedConnection } from "../../src/client/job_watch.ts";
import { MISSED_TAG } from "../../src/client/connection.ts";
import { UnreachableError } from "../../src/core/errors.ts";
import { newJid } from "../../src/core/jid.ts";
import { encode } from "../../src/wire/codec.ts";
import type { BusEvent } from "../../src/wire/operator_messages.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

const JID = newJid(Date.UTC(2026, 0, 1), () => 0.5);
const START = { jid: JID, target: "*", function: "test.ping", arguments: [], unreachable: {} };

/** A session whose events and answers the test makes. */
class FakeConnection {
  readonly clock = new ManualClock();
  readonly asked: unknown[] = [];
  answer: (body: unknown) => Promise<unknown> = () => Promise.resolve({ returns: [] });
  #listeners = new Set<(event: BusEvent) => void>();
  #enders = new Set<(failure: Error) => void>();

  get listeners(): number {
    return this.#listeners.size + this.#enders.size;
  }

  listen(listener: (event: BusEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  onEnd(listener: (failure: Error) => void): Disposable {
    this.#enders.add(listener);
    return { [Symbol.dispose]: () => void this.#enders.delete(listener) };
  }

  async ask(kind: string, body: object): Promise<never> {
    this.asked.push({ kind, ...body });
    return await this.answer(body) as never;
  }

  tell(tag: string, data: Readonly<Record<string, unknown>>): void {
    const event = { sequence: 1, tag, at: this.clock.now(), data: { ...data } };
    for (const listener of [...this.#listeners]) listener(event);
  }

  returned(minion: string, value: unknown = true, changes: Readonly<Record<string, unknown>> = {}): void {
    this.tell(`brine/job/${JID}/ret/${minion}`, { ...returnOf(minion, value), ...changes });
  }

  presence(change: { up?: string[]; down?: string[] }): void {
    this.tell("brine/presence/change", { up: [], down: [], ...change });
  }

  end(failure: Error): void {
    for (const listener of [...this.#enders]) listener(failure);
  }
}

function returnOf(minion: string, value: unknown) {
  const body = encode(value);
  return { minion, retcode: 0, success: true, startedAt: 5, durationMs: 1, sizeBytes: body.length, body };
}

function watching(expected: readonly string[], more?: object, timeoutMs?: number) {
  const connection = new FakeConnection();
  const watch = new JobWatch(connection as unknown as WatchedConnection, timeoutMs);
  watch.begin({ ...START, expected, startedAt: connection.clock.now(), ...more });
  return { connection, watch, clock: connection.clock };
}

const isOver = (clock: ManualClock) => clock.pending === 0;
const ids = async (watch: JobWatch) => (await Array.fromAsync(watch)).map(({ minion }) => minion);

test("JobWatch gives up on a minion that is there and says nothing for 10 s, and not before", async () => {
  const { connection, watch, clock } = watching(["a", "b"]);
  connection.returned("a");
  clock.advance(9_900);
  assert.deepEqual([isOver(clock), connection.asked.length], [false, 0]);
  clock.advance(100);
  assert.deepEqual(connection.asked, [{ kind: "job", jid: JID, follow: false }]);
  assert.deepEqual(await ids(watch), ["a"]);
  assert.ok(isOver(clock));
  assert.deepEqual([...watch.summary().missing], [["b", "connected, but silent"]]);
  assert.equal(watch.summary().elapsedMs, 10_000);
  assert.equal(connection.listeners, 0);
});

test("JobWatch asks the master before it gives up, and takes what events did not tell", async () => {
  const { connection, watch, clock } = watching(["a", "b"]);
  connection.answer = () => Promise.resolve({ returns: [returnOf("b", "known all along")] });
  clock.advance(10_000);
  assert.deepEqual((await Array.fromAsync(watch)).map((answer) => answer.return), ["known all along"]);
  assert.deepEqual([...watch.summary().missing], [["a", "connected, but silent"]]);
  assert.ok(isOver(clock));
});

test("JobWatch waits for a running minion as long as it runs", async () => {
  const { connection, watch, clock } = watching(["a"]);
  clock.advance(5_000);
  connection.tell(`brine/job/${JID}/running/a`, { minion: "a" });
  clock.advance(3_600_000);
  assert.match(watch.summary().missing.get("a") ?? "", /^still running since/);
  connection.returned("a");
  assert.deepEqual(await ids(watch), ["a"]);
  assert.ok(isOver(clock));
});

test("JobWatch gives a minion that went away 5 s to come back, then names the time it went", async () => {
  const { connection, watch, clock } = watching(["a", "b"]);
  clock.advance(1_000);
  connection.presence({ down: ["a", "stranger"] });
  const time = new Date(clock.now()).toTimeString().slice(0, 8);
  connection.returned("b");
  clock.advance(4_900);
  assert.ok(!isOver(clock));
  clock.advance(100);
  assert.deepEqual(await ids(watch), ["b"]);
  assert.deepEqual([...watch.summary().missing], [["a", `unreachable since ${time}`]]);
  assert.deepEqual([watch.summary().ledger.unreachable, watch.summary().ledger.returned], [1, 1]);
});

test("JobWatch counts on a minion again that came back within the grace", async () => {
  const { connection, watch, clock } = watching(["a"]);
  connection.presence({ down: ["a"] });
  clock.advance(4_000);
  connection.presence({ up: ["a"] });
  clock.advance(9_000);
  assert.ok(!isOver(clock));
  connection.returned("a");
  assert.deepEqual(await ids(watch), ["a"]);
});

test("JobWatch does not wait for who is absent from the start, and takes its return all the same", async () => {
  const { connection, watch, clock } = watching(["a", "b", "c"], { unreachable: { a: 0, b: 1_000 } });
  assert.deepEqual(watch.progress, { answered: 0, expected: 3, silent: ["a", "b", "c"] });
  connection.presence({ up: ["b"] });
  connection.returned("b");
  connection.returned("c");
  assert.ok(isOver(clock));
  assert.deepEqual(await ids(watch), ["b", "c"]);
  assert.deepEqual([...watch.summary().missing], [["a", "unreachable, never seen"]]);
});

test("JobWatch ends at once when nobody can answer", async () => {
  const { watch, clock } = watching(["a"], { unreachable: { a: 0 } });
  assert.ok(isOver(clock));
  assert.deepEqual(await ids(watch), []);
});

test("JobWatch ends after -t, counted from when it began to wait", async () => {
  const { connection, watch, clock } = watching(["a"], { startedAt: 0, running: ["a"] }, 3_000);
  clock.advance(2_900);
  assert.ok(!isOver(clock));
  clock.advance(100);
  assert.deepEqual(await ids(watch), []);
  assert.ok(isOver(clock));
  connection.returned("a"); // too late: the account is closed
  assert.equal(watch.summary().ledger.running, 1);
});

test("JobWatch misses no event that comes before the reply, and counts a return that is told twice once", async () => {
  const connection = new FakeConnection();
  const watch = new JobWatch(connection as unknown as WatchedConnection);
  connection.returned("a", "early");
  watch.begin({ ...START, expected: ["a", "b"], startedAt: 0, returns: [returnOf("b", "first")] });
  assert.deepEqual((await Array.fromAsync(watch)).map((answer) => answer.return), ["first", "early"]);
  assert.ok(isOver(connection.clock));
});

test("JobWatch asks for what was told in events that it missed", async () => {
  const { connection, watch, clock } = watching(["a", "b"]);
  connection.answer = () => Promise.resolve({ returns: [returnOf("b", "caught up")] });
  connection.returned("a");
  connection.tell(MISSED_TAG, { count: 3 });
  assert.deepEqual(connection.asked, [{ kind: "job", jid: JID, follow: false }]);
  assert.deepEqual((await Array.fromAsync(watch)).map((answer) => answer.return), [true, "caught up"]);
  assert.ok(isOver(clock));
});

test("JobWatch fetches a large return piece by piece, and holds the end back until it is there", async () => {
  const { connection, watch, clock } = watching(["a"]);
  const body = encode("x".repeat(2_000));
  const gate = Promise.withResolvers<void>();
  connection.answer = async (asked) => {
    const { offset } = asked as { offset: number };
    if (offset > 0) await gate.promise;
    return { sizeBytes: body.length, data: body.subarray(offset, offset + 1_500) };
  };
  const { body: _body, ...wire } = returnOf("a", 0);
  connection.tell(`brine/job/${JID}/ret/a`, { ...wire, sizeBytes: body.length });
  connection.tell(`brine/job/${JID}/ret/a`, { ...wire, sizeBytes: body.length });
  await until("the second piece to be asked for", () => connection.asked.length === 2);
  clock.advance(60_000);
  assert.ok(!isOver(clock));
  gate.resolve();
  const [answer] = await Array.fromAsync(watch);
  assert.equal(answer?.return, "x".repeat(2_000));
  assert.ok(isOver(clock));
});

test("JobWatch makes a return that cannot be read that minion's failure", async () => {
  const { connection, watch } = watching(["a", "b", "c"]);
  const { body: _body, ...wire } = returnOf("a", 0);
  connection.answer = () => Promise.reject(new Error("nobody has it"));
  connection.tell(`brine/job/${JID}/ret/a`, wire);
  connection.returned("b", 0, { body: Uint8Array.of(0xc1) });
  connection.returned("c");
  const answers = await Array.fromAsync(watch);
  assert.deepEqual(answers.map(({ minion, success }) => [minion, success]).sort(), [["a", false], ["b", false], [
    "c",
    true,
  ]]);
  for (const answer of answers.filter(({ success }) => !success)) {
    assert.match(String(answer.return), /^Cannot read the return/);
  }
  assert.deepEqual([watch.summary().ledger.failed, watch.summary().ledger.returned], [2, 1]);
});

test("JobWatch throws to its reader when the master is lost, unless all had answered", async () => {
  const { connection, watch, clock } = watching(["a", "b"]);
  connection.returned("a");
  connection.end(new UnreachableError("gone"));
  await assert.rejects(ids(watch), /gone/);
  assert.ok(isOver(clock));
  assert.equal(watch.summary().returns.size, 1);

  const other = watching(["a"]);
  other.connection.returned("a");
  other.connection.end(new UnreachableError("gone"));
  assert.deepEqual(await ids(other.watch), ["a"]);
});
