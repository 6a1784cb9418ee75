/** Several workers on one database agree. @module */
import assert from "node:assert/strict";
import { openIdentity } from "../../src/crypto/identity.ts";
import { randomBytes, sha256 } from "../../src/runtime/crypto.ts";
import { readTextIfThere } from "../../src/runtime/files.ts";
import { isAlive } from "../../src/runtime/process.ts";
import { encode } from "../../src/wire/codec.ts";
import { type Fleet, type FleetOptions, startFleet } from "../kit/fleet.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { EventLog, firstOnly, jobsOf, release, run } from "./kit.ts";
import { acceptedPeer, RawPeer } from "./peers.ts";

const WORKERS = 3;
const MIB = 1024 * 1024;

const startHouse = (options: FleetOptions = {}): Promise<Fleet> =>
  startFleet({ ...options, master: { workerThreads: WORKERS } });

/** How many jobs each worker has taken. */
function sharesOf(fleet: Fleet): number[] {
  return Array.from(
    { length: WORKERS },
    (_, index) => fleet.logged(`MWorker-${index}`).filter((text) => / runs /.test(text)).length,
  );
}

test("Three workers share the jobs of two clients, and each client gets its own answers", async () => {
  await using fleet = await startHouse({ minions: 4 });
  const clients = [await fleet.client(), await fleet.client()];
  const results = await Promise.all(clients.flatMap((brine, index) =>
    Array.from({ length: 30 }, async (_, i) => {
      const { answers, summary } = await run(brine, {
        target: "*",
        function: "test.echo",
        arguments: [`${index}.${i}`],
      });
      assert.deepEqual(answers.map((answer) => answer.return), Array(4).fill(`${index}.${i}`));
      assert.deepEqual(answers.map(({ minion }) => minion).toSorted(), ["m1", "m2", "m3", "m4"]);
      return summary.jid;
    })
  ));
  assert.equal(new Set(results).size, 60);
  const [first] = clients;
  assert.ok(first);
  const jobs = await jobsOf(first);
  assert.equal(jobs.length, 60);
  assert.ok(jobs.every(({ returnedCount }) => returnedCount === 4));
  assert.ok(sharesOf(fleet).filter((count) => count > 0).length >= 2, `${sharesOf(fleet)}`);
});

test("Minions shake hands and come up, all at once, whichever worker has the other half", async () => {
  const ids = Array.from({ length: 40 }, (_, i) => `n${i}`);
  await using fleet = await startHouse({ minions: ids });
  await fleet.restartMaster();
  await fleet.untilUp(ids);
  const { summary } = await run(await fleet.client(), { target: "*", function: "test.ping" });
  assert.equal(summary.ledger.returned, 40);
  assert.ok(!fleet.logged().some((text) => /out of order/.test(text)));
});

test("Returns of 5 MiB in pieces from four minions at once are whole, whichever worker has which piece", async () => {
  await using fleet = await startHouse({ minions: 4 });
  const brine = await fleet.client();
  const text = `head -c ${5 * MIB} /dev/zero | tr '\\0' y`;
  const { answers: large } = await run(brine, { target: "*", function: "cmd.run", arguments: [text] });
  const want = sha256(new Uint8Array(5 * MIB).fill("y".charCodeAt(0)));
  assert.equal(large.length, 4);
  for (const { return: value } of large) assert.deepEqual(sha256(new TextEncoder().encode(String(value))), want);
});

test("A key that one worker accepts, rejects or deletes is so for all of them", async () => {
  await using fleet = await startHouse({ minions: 3 });
  const clients = await Promise.all([fleet.client(), fleet.client(), fleet.client()]);
  const [one, two, three] = clients;
  assert.ok(one && two && three);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await one.changeKeys("reject", ["m2"]), ["m2"]);
    const seen = await Promise.all(
      clients.map(async (brine) => (await brine.keys()).minions.rejected.map(({ id }) => id)),
    );
    assert.deepEqual(seen, [["m2"], ["m2"], ["m2"]]);
    const runs = await Promise.all(clients.map((brine) => run(brine, { target: "*", function: "test.ping" })));
    for (const { summary } of runs) assert.deepEqual([...summary.expected].toSorted(), ["m1", "m3"]);
    assert.deepEqual(await two.changeKeys("accept", ["m2"]), ["m2"]);
    await fleet.untilUp(["m2"]);
  }
  assert.deepEqual(await three.changeKeys("delete", ["m3"]), ["m3"]);
  const { summary } = await run(one, { target: "*", function: "test.ping" });
  assert.deepEqual([...summary.expected].toSorted(), ["m1", "m2"]);
});

test("A job that one worker gave is killed and attached to through the others", async () => {
  await using fleet = await startHouse({ minions: 2 });
  const [one, two] = [await fleet.client(), await fleet.client()];
  using job = await one.run({
    target: "*",
    function: "cmd.run",
    arguments: [`echo $$ >> ${fleet.root}/pids; sleep 30`],
  });
  const pids = await until("two shells", () => {
    const found = (readTextIfThere(`${fleet.root}/pids`) ?? "").trim().split("\n");
    return found.length === 2 && found;
  });
  assert.ok(job.jid);
  await Promise.all(Array.from({ length: 6 }, () => two.keys())); // so that others are as busy
  assert.deepEqual((await two.kill(job.jid)).toSorted(), ["m1", "m2"]);
  assert.deepEqual((await Array.fromAsync(job)).map(({ retcode }) => retcode), [130, 130]);
  await until("the shells to be gone", () => !pids.some((pid) => isAlive(Number(pid))));

  using next = await one.run({ target: "*", function: "cmd.run", arguments: [firstOnly(fleet.root)] });
  assert.ok(next.jid);
  using follower = await two.attach(next.jid, { timeoutMs: 30_000 });
  const followed = follower[Symbol.asyncIterator]();
  assert.equal((await followed.next()).done, false);
  release(fleet.root);
  assert.equal((await followed.next()).done, false);
  assert.equal(follower.summary().ledger.returned, 2);
  assert.equal((await Array.fromAsync(next)).length, 2);
});

test("T17: ten times as many malformed frames as there are workers: throughput returns by itself", async () => {
  await using fleet = await startHouse({ minions: 2 });
  const brine = await fleet.client();
  await using events = await EventLog.open(fleet, "brine/auth/refused");
  const rate = async () => {
    const runs = await Promise.all(
      Array.from({ length: 10 * WORKERS }, () => run(brine, { target: "*", function: "test.ping" })),
    );
    return runs.reduce((sum, { summary }) => sum + summary.ledger.returned, 0);
  };
  assert.equal(await rate(), 20 * WORKERS);
  const isOf = (text: string) => /^Cannot|malformed|truncated/.test(text);

  const count = 10 * WORKERS;
  const peers = await Promise.all(Array.from({ length: count }, (_, i) => acceptedPeer(fleet, `x${i}`)));
  const operators = Array.from(
    { length: count },
    () => new RawPeer(fleet, { id: "root", role: "operator", identity: openIdentity(fleet.paths.operatorKey) }),
  );
  await until("the operators", () => operators.every(({ isOpen }) => isOpen));
  for (const [index, peer] of [...peers, ...operators].entries()) {
    peer.sendBytes(index % 3 === 0 ? randomBytes(1_000) : encode(index % 3 === 1 ? { kind: "sudo" } : [index]));
  }
  await Promise.all([...peers, ...operators].map((peer) => peer.ended()));
  await until("the reports", () => events.events.length >= count);
  assert.ok(events.events.every(({ data }) => isOf(String(data["reason"]))));

  assert.equal(await rate(), 20 * WORKERS, "every worker has its hands free again");
  for (const peer of [...peers, ...operators]) await peer[Symbol.asyncDispose]();
});
