/**
 * Every role of the tree killed with -9 while jobs run: it is back, the others went on, and every job's ledger is
 * complete.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { type Brine, connect } from "../../mod.ts";
import { Fleet } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { killAndAwait, roleOf, treeOf, untilGone } from "../kit/tree.ts";
import { until } from "../kit/until.ts";

const MINIONS = ["m1", "m2", "m3"];

/** Roles whose death costs no session and no answer. */
const QUIET = ["MultiprocessingLoggingQueue", "EventPublisher", "Maintenance", "Reactor", "MWorker-0", "MWorker-3"];

/** Roles that hold the minions' connections. */
const FRONTS = ["ZeroMQPubServerChannel", "MWorkerQueue", "ReqServer_ProcessManager"];

/** Gives one job after the other until it is told to stop; each leaves a line for every minion that runs it. */
class Traffic implements AsyncDisposable {
  readonly #fleet: Fleet;
  readonly #marks: string;
  #isOver = false;
  #given = 0;
  readonly #done: Promise<void>;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#marks = fleet.directory.make("marks");
    this.#done = this.#give();
  }

  get given(): number {
    return this.#given;
  }

  async #give(): Promise<void> {
    while (!this.#isOver) {
      try {
        await using brine = await connect({ root: this.#fleet.root });
        while (!this.#isOver) await this.#giveOne(brine);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20)); // the front is down: again
      }
    }
  }

  async #giveOne(brine: Brine): Promise<void> {
    const mark = `${this.#marks}/${++this.#given}`;
    const words = [`echo $PPID >> ${mark}; sleep 0.05; echo ${this.#given}`];
    const isPing = this.#given % 3 === 0;
    const job = await brine.run({
      target: "*",
      function: isPing ? "test.ping" : "cmd.run",
      arguments: isPing ? [] : words,
    });
    job.stop();
    await new Promise((resolve) => setTimeout(resolve, 25));
  }

  /** The minions that ran each job, by the job's number; fails when one ran it twice. */
  runs(): number {
    let count = 0;
    for (const name of readdirSync(this.#marks)) {
      const pids = readFileSync(`${this.#marks}/${name}`, "utf8").trimEnd().split("\n");
      assert.equal(new Set(pids).size, pids.length, `job ${name} ran twice on one minion`);
      count += pids.length;
    }
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }
}

/** All jobs that the master keeps, when none of them is at work any more: each minion is accounted for once. */
async function settledLedgers(root: string): Promise<{ jobs: number; returned: number; unheard: number }> {
  await using brine = await connect({ root });
  return await until("every job's ledger to settle", async () => {
    const sum = { jobs: 0, returned: 0, unheard: 0 };
    for await (const { jid } of brine.jobs()) {
      using job = await brine.attach(jid, { follow: false });
      await job.loaded();
      const { expected, ledger, missing, returns } = job.summary();
      const total = Object.values(ledger).reduce((a, b) => a + b, 0);
      assert.equal(total, expected.length, `${jid}: ${JSON.stringify(ledger)}`);
      assert.deepEqual([...returns.keys(), ...missing.keys()].sort(), [...expected].sort(), jid);
      if (ledger.running > 0) return false;
      sum.jobs++;
      sum.returned += returns.size;
      sum.unheard += missing.size;
    }
    return sum;
  }, 20_000);
}

async function everybodyAnswers(fleet: Fleet): Promise<void> {
  await until("all minions to answer", async () => {
    return (await fleet.run("run", "*", "test.ping", "-t", "3")).code === 0;
  }, 20_000);
}

test("a role killed with -9 is back at once, the others go on, no session is lost, and every job is answered", {
  timeoutMs: 60_000,
}, async () => {
  await using fleet = await Fleet.start({ minions: MINIONS });
  const { pid } = fleet.master;
  await using watcher = fleet.start("events", "brine/auth", "--json");
  await until("the watcher to hear", async () => {
    await fleet.run("minions"); // logs in
    return watcher.stdout.includes("brine/auth");
  });
  await using traffic = new Traffic(fleet);
  const took: number[] = [];
  for (const name of QUIET) {
    const before = treeOf(pid);
    const given = traffic.given;
    took.push(await killAndAwait(pid, name));
    for (const other of before.values()) {
      if (other.name !== name) assert.equal(treeOf(pid).get(other.name)?.pid, other.pid, `${other.name} after ${name}`);
    }
    await until("more jobs", () => traffic.given > given + 5);
  }
  assert.ok(Math.max(...took) < 5_000, `${took}`); // far less when nothing else runs here
  await traffic[Symbol.asyncDispose]();
  const { jobs, returned, unheard } = await settledLedgers(fleet.root);
  assert.deepEqual([returned, unheard], [3 * jobs, 0]);
  traffic.runs();
  const auths = watcher.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).data);
  assert.deepEqual(auths.filter(({ role }) => role === "minion"), [], "a minion shook hands again");
  assert.match(fleet.master.stderr, /ProcessManager: EventPublisher is started again: it died of SIGKILL/);
});

test("after the fronts were killed with -9 minions come back by themselves, and every job names who did not answer", {
  timeoutMs: 60_000,
}, async () => {
  await using fleet = await Fleet.start({ minions: MINIONS });
  const { pid } = fleet.master;
  await using traffic = new Traffic(fleet);
  for (const name of FRONTS) {
    await until("jobs", () => traffic.given > 3);
    const before = treeOf(pid);
    await killAndAwait(pid, name);
    const isBelow = (parentPid: number) => name.startsWith("Req") && parentPid === before.get(name)?.pid;
    for (const other of before.values()) {
      if (other.name === name || isBelow(other.parentPid)) continue;
      assert.equal(treeOf(pid).get(other.name)?.pid, other.pid, `${other.name} after ${name}`);
    }
    await everybodyAnswers(fleet);
    assert.equal(treeOf(pid).size, 13);
  }
  await traffic[Symbol.asyncDispose]();
  const { jobs, returned } = await settledLedgers(fleet.root);
  assert.ok(returned > 0 && returned <= 3 * jobs);
  traffic.runs();
});

test("a supervisor killed with -9 leaves no orphan, no port and no socket held, and its successor starts at once", {
  timeoutMs: 60_000,
}, async () => {
  await using fleet = await Fleet.start({ minions: MINIONS });
  const tree = treeOf(fleet.master.pid);
  fleet.master.kill("SIGKILL");
  await fleet.master.ended;
  await fleet.startMaster(); // on the same ports, without a pause: the roles of the old one may still be going
  await untilGone(tree, 2_000);
  assert.deepEqual(readdirSync(`${fleet.root}/run/brine`).sort(), ["master.json", `roles.${fleet.master.pid}`]);
  await everybodyAnswers(fleet);
});

test("a worker that hangs holds up what it was given and nobody else", { timeoutMs: 60_000 }, async () => {
  await using fleet = await Fleet.start({ minions: MINIONS });
  const { pid } = roleOf(fleet.master.pid, "MWorker-0");
  process.kill(pid, "SIGSTOP");
  const runs = Array.from({ length: 6 }, () => fleet.start("run", "*", "test.ping", "--async"));
  // It is given its share of what comes at once, and then no more: a third of this, perhaps half.
  await until("answers of the others", () => runs.filter(({ hasEnded }) => hasEnded).length >= 3);
  process.kill(pid, "SIGCONT");
  const ended = await Promise.all(runs.map((run) => run.ended));
  assert.ok(ended.filter(({ code }) => code === 0).length >= 3);
  const { unheard } = await settledLedgers(fleet.root);
  assert.equal(unheard, 0);
});

test("a role that stops for kill -TERM drains and is started again; SIGTERM to all at once ends the master", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const { pid } = fleet.master;
  const worker = roleOf(pid, "MWorker-1").pid;
  process.kill(worker, "SIGTERM");
  await until("another MWorker-1", () => treeOf(pid).get("MWorker-1")?.pid !== worker && treeOf(pid).has("MWorker-1"));
  await fleet.master.says(/ReqServer_ProcessManager: MWorker-1 is started again: it stopped unasked/);
  await everybodyAnswers(fleet);
  const tree = treeOf(pid);
  for (const role of tree.values()) process.kill(role.pid, "SIGTERM");
  const { code, signal } = await fleet.master.ended;
  assert.deepEqual([code, signal], [0, undefined]);
  await untilGone(tree);
  assert.equal(existsSync(`${fleet.root}/run/brine/master.json`), false);
});
