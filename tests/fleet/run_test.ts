/** Jobs from a client to minions and back: targets, streams, accounts, failures. @module */
import assert from "node:assert/strict";
import { UsageError } from "../../src/core/errors.ts";
import type { Target } from "../../src/target/expression.ts";
import { startFleet } from "../kit/fleet.ts";
import { test } from "../kit/test.ts";
import { firstOnly, jobsOf, release, run, sum } from "./kit.ts";

test("Brine.run() reaches the minions that each kind of target names, and nobody else", async () => {
  await using fleet = await startFleet({
    minions: ["web01", "web02", "db1"],
    master: { nodegroups: { fronts: "web* and not web02", all: ["web01", "db1"] } },
    minion: { grains: { role: "shop" } },
  });
  await fleet.addMinion("web03", { grains: { role: "bank" }, isAwaited: false });
  const brine = await fleet.client();
  await fleet.untilPending(["web03"]);
  await brine.changeKeys("accept", ["web03"]);
  await fleet.untilUp(["web03"]);
  const cases: readonly (readonly [string | Target, readonly string[]])[] = [
    ["*", ["db1", "web01", "web02", "web03"]],
    ["web*", ["web01", "web02", "web03"]],
    ["web[01-02]", ["web01", "web02"]],
    [{ kind: "list", expression: "web02,db1" }, ["db1", "web02"]],
    [{ kind: "regex", expression: "web0[13]" }, ["web01", "web03"]],
    [{ kind: "grain", expression: "role:shop" }, ["db1", "web01", "web02"]],
    [{ kind: "compound", expression: "web* and G@role:shop or db1" }, ["db1", "web01", "web02"]],
    [{ kind: "nodegroup", expression: "fronts" }, ["web01", "web03"]],
    [{ kind: "nodegroup", expression: "all" }, ["db1", "web01"]],
  ];
  for (const [target, want] of cases) {
    const { answers, summary } = await run(brine, { target, function: "test.ping" });
    assert.deepEqual(answers.map(({ minion }) => minion).toSorted(), want, JSON.stringify(target));
    assert.deepEqual([...summary.expected], want);
    assert.equal(summary.ledger.returned, want.length);
  }
});

test("Brine.run() yields a quick minion's return while a slow one still works", async () => {
  await using fleet = await startFleet({ minions: 2 });
  const brine = await fleet.client();
  using job = await brine.run({ target: "*", function: "cmd.run", arguments: [firstOnly(fleet.root)] });
  assert.deepEqual(job.progress, { answered: 0, expected: 2, silent: ["m1", "m2"] });
  const answers = job[Symbol.asyncIterator]();
  const quick = await answers.next();
  assert.ok(!quick.done);
  assert.equal(job.progress.answered, 1);
  assert.equal(job.summary().missing.size, 1);
  release(fleet.root);
  const slow = await answers.next();
  assert.ok(!slow.done && slow.value.minion !== quick.value.minion);
  assert.equal((await answers.next()).done, true);
  const { ledger, missing, returns } = job.summary();
  assert.deepEqual([ledger.returned, sum(ledger), missing.size, returns.size], [2, 2, 0, 2]);
});

test("Brine.run() accounts for failures: an unknown function, one that throws, one that fails", async () => {
  await using fleet = await startFleet({ minions: 2 });
  const brine = await fleet.client();
  const cases = [
    { function: "test.pong", arguments: [], retcode: 254, answer: /no such function \(did you mean "test.ping"\?\)/ },
    { function: "test.echo", arguments: [], retcode: 1, answer: /text/ },
    { function: "test.fail", arguments: ["3", "no luck"], retcode: 3, answer: /^no luck$/ },
  ];
  for (const { answer, retcode, ...call } of cases) {
    const { summary } = await run(brine, { target: "*", ...call });
    assert.deepEqual([summary.ledger.failed, sum(summary.ledger)], [2, 2], call.function);
    for (const returned of summary.returns.values()) {
      assert.deepEqual([returned.success, returned.retcode], [false, retcode]);
      assert.match(String(returned.return), answer);
    }
  }
});

test("Brine.run() says who is there when nobody matches, and that nobody was accepted yet", async () => {
  await using fleet = await startFleet({ minions: 2 });
  const brine = await fleet.client();
  const failed = (pattern: RegExp) => (thrown: unknown) => thrown instanceof UsageError && pattern.test(thrown.message);
  await assert.rejects(brine.run({ target: "db*", function: "test.ping" }), failed(/there are: m\[1-2\]/));
  await assert.rejects(brine.run({ target: "web[1", function: "test.ping" }), failed(/Cannot read target/));
  const unknown = { kind: "nodegroup", expression: "fronts" } as const;
  await assert.rejects(brine.run({ target: unknown, function: "test.ping" }), failed(/fronts/));
  await brine.changeKeys("delete", ["*"]);
  await fleet.stopMinion("m1");
  await fleet.stopMinion("m2");
  await brine.changeKeys("delete", ["*"]);
  await assert.rejects(brine.run({ target: "*", function: "test.ping" }), failed(/no minion has an accepted key yet/));
});

test("Brine.preview() names who is meant and who is not there, and runs nothing", async () => {
  await using fleet = await startFleet({ minions: 2 });
  const brine = await fleet.client();
  await fleet.stopMinion("m2");
  await fleet.untilUp(["m2"], false);
  assert.deepEqual(await brine.preview("m*"), { expected: ["m1", "m2"], unreachable: ["m2"] });
  assert.equal((await jobsOf(brine)).length, 0);
  assert.ok(!fleet.logged("m1").some((text) => text.includes("runs")));
});

test("Brine.run() reports a minion that is not there, with the time, and does not wait for it", async () => {
  await using fleet = await startFleet({ minions: 2 });
  const brine = await fleet.client();
  await fleet.stopMinion("m2");
  await fleet.untilUp(["m2"], false);
  const { summary } = await run(brine, { target: "*", function: "test.ping" });
  assert.deepEqual([summary.ledger.returned, summary.ledger.unreachable, sum(summary.ledger)], [1, 1, 2]);
  assert.match(summary.missing.get("m2") ?? "", /^unreachable since \d\d:\d\d:\d\d$/);
  await fleet.startMinion("m2");
  await fleet.untilUp(["m2"]);
  const { summary: next } = await run(brine, { target: "*", function: "test.ping" });
  assert.equal(next.ledger.returned, 2);
});

test("A hundred jobs over one session all come back, two clients at once, over real sockets too", async () => {
  for (const transport of ["memory", "zws"] as const) {
    await using fleet = await startFleet({ minions: 2, transport });
    const [one, two] = [await fleet.client(), await fleet.client()];
    const rounds = transport === "memory" ? 100 : 10;
    const many = async (brine: typeof one, name: string) => {
      for (let round = 0; round < rounds; round++) {
        const { answers } = await run(brine, { target: "*", function: "test.echo", arguments: [`${name} ${round}`] });
        assert.deepEqual(answers.map((answer) => answer.return), [`${name} ${round}`, `${name} ${round}`]);
      }
    };
    await Promise.all([many(one, "one"), many(two, "two")]);
    assert.equal((await jobsOf(one)).length, 2 * rounds);
  }
});

test("Brine.run() refuses a job that is too large for a publish, and the session goes on", async () => {
  await using fleet = await startFleet();
  const brine = await fleet.client();
  const call = (sizeBytes: number) => ({ target: "*", function: "test.echo", arguments: [new Uint8Array(sizeBytes)] });
  await assert.rejects(brine.run(call(1024 * 1024)), /limit 1048576/);
  await assert.rejects(brine.run(call(2 * 1024 * 1024)), UsageError);
  const { answers } = await run(brine, call(1000));
  assert.deepEqual(answers.map((answer) => answer.return), [new Uint8Array(1000)]);
});

test("Several workers share what a fleet and two clients ask, and nothing is lost between them", async () => {
  await using fleet = await startFleet({ minions: 4, master: { workerThreads: 3 } });
  const clients = [await fleet.client(), await fleet.client()];
  await Promise.all(clients.flatMap((brine, who) =>
    Array.from({ length: 30 }, async (_, round) => {
      const text = `${who} ${round}`;
      const { answers } = await run(brine, { target: "*", function: "test.echo", arguments: [text] });
      assert.deepEqual(answers.map((answer) => answer.return), [text, text, text, text]);
    })
  ));
  for (const brine of clients) {
    const counts = (await jobsOf(brine)).map(({ returnedCount }) => returnedCount);
    assert.deepEqual(counts, Array.from({ length: 60 }, () => 4));
  }
});
