/**
 * The whole master stopped in the middle of many jobs, and started again.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { connect } from "../../mod.ts";
import { Fleet } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { roleOf, treeOf, untilGone } from "../kit/tree.ts";
import { until } from "../kit/until.ts";

const JOBS = 200;
const CLIENTS = 10;
const MINIONS = ["m1", "m2", "m3"];

test("SIGTERM in the middle of 200 jobs: exit 0, no orphans, and after a start every ledger is complete", {
  timeoutMs: 90_000,
}, async () => {
  await using fleet = await Fleet.start({ minions: MINIONS });
  const log = fleet.directory.join("runs");
  const jids: string[] = [];
  {
    await using brine = await connect({ root: fleet.root });
    const give = async (n: number) => {
      const words = [`echo ${n} $PPID >> ${log}; echo ${n}`];
      using job = await brine.run({ target: "*", function: "cmd.run", arguments: words });
      if (job.jid) jids.push(job.jid);
    };
    // As long as the master takes jobs, also while it stops, it is given more.
    const given = Array.from({ length: CLIENTS }, async (_, client) => {
      for (let n = client; n < JOBS; n += CLIENTS) await give(n);
    });
    const all = Promise.allSettled(given);
    await until("half of the jobs", () => jids.length >= JOBS / 2);
    const tree = treeOf(fleet.master.pid);
    const startedAt = performance.now();
    fleet.master.kill("SIGTERM");
    const { code, signal, stderr } = await fleet.master.ended;
    assert.deepEqual([code, signal], [0, undefined]);
    assert.ok(performance.now() - startedAt < 15_000);
    assert.doesNotMatch(stderr, /is started again|Cannot/);
    await untilGone(tree, 1_000);
    await all;
  }
  await fleet.startMaster();
  await using brine = await connect({ root: fleet.root });
  const state = await until("returns that minions kept in their spools", async () => {
    let [kept, answered, silent] = [0, 0, 0];
    for await (const { jid } of brine.jobs()) {
      using job = await brine.attach(jid, { follow: false });
      const { expected, ledger, missing, returns } = job.summary();
      const total = Object.values(ledger).reduce((a, b) => a + b, 0);
      assert.equal(total, expected.length, `${jid}: ${JSON.stringify(ledger)}`);
      assert.deepEqual([...returns.keys(), ...missing.keys()].sort(), [...expected].sort(), jid);
      kept++;
      answered += returns.size;
      silent += missing.size;
    }
    const ran = readFileSync(log, "utf8").trimEnd().split("\n");
    assert.equal(new Set(ran).size, ran.length, "something ran twice");
    return answered === ran.length && { kept, answered, silent, ran: ran.length };
  }, 30_000);
  // What the master said that it took is kept, and was published before it stopped.
  assert.ok(state.kept >= jids.length, JSON.stringify({ ...state, taken: jids.length }));
  assert.equal(state.silent, 0, JSON.stringify(state));
  const shown = await fleet.run("jobs", "show", jids.at(-1) ?? "", "--json");
  assert.deepEqual([shown.code, JSON.parse(shown.stdout).missing], [0, []]);
});

test("SIGTERM ends a master in which a worker hangs, and leaves nothing", async () => {
  await using fleet = await Fleet.start();
  const tree = treeOf(fleet.master.pid);
  process.kill(roleOf(fleet.master.pid, "MWorker-0").pid, "SIGSTOP"); // the last one of its parent to be stopped
  fleet.master.kill("SIGTERM");
  const { code, signal } = await fleet.master.ended;
  assert.deepEqual([code, signal], [0, undefined]);
  await untilGone(tree, 1_000);
});
