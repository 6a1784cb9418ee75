/** Tests of how roles are started, kept running and stopped. @module */
import assert from "node:assert/strict";
import type { RoleContext } from "../../src/master/role.ts";
import type { ReadyFacts, RoleEnd, RoleStarter, RunningRole } from "../../src/master/starter.ts";
import { Supervisor } from "../../src/master/supervisor.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { logTo } from "./kit.ts";

/** One life of a role, as the test decides it. */
class Life implements RunningRole {
  readonly #ready = Promise.withResolvers<ReadyFacts>();
  readonly #ended = Promise.withResolvers<RoleEnd>();
  readonly ready = this.#ready.promise;
  readonly ended = this.#ended.promise;
  readonly facts: ReadyFacts;
  isToldToStop = false;
  readonly #stops: boolean;

  constructor(facts: ReadyFacts, stops: boolean) {
    this.facts = facts;
    this.#stops = stops;
  }

  becomeReady(facts: ReadyFacts = {}): void {
    this.#ready.resolve(facts);
  }

  end(end: RoleEnd): void {
    this.#ended.resolve(end);
  }

  stop(): void {
    this.isToldToStop = true;
    if (this.#stops) this.end({ kind: "stopped" });
  }
}

const DEATH: RoleEnd = { kind: "died", how: "SIGKILL" };

/** A household whose roles are the test's own. */
class House implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly lives = new Map<string, Life[]>();
  /** What happened, in order. */
  readonly story: string[] = [];
  readonly #stop = new AbortController();
  readonly supervisor: Supervisor;
  readonly done: Promise<void>;
  facts: ReadyFacts | undefined;

  constructor(
    stages: readonly (readonly string[])[],
    { canRestart = true, stops = true, isReady = (_name: string, _life: number): boolean => true } = {},
  ) {
    const starter: RoleStarter = {
      canRestart,
      start: (name, facts) => {
        const life = new Life(facts, stops);
        const lives = [...this.lives.get(name) ?? [], life];
        this.lives.set(name, lives);
        this.story.push(`start ${name}`);
        void life.ended.then(({ kind }) => this.story.push(`${kind} ${name}`));
        if (isReady(name, lives.length)) life.becomeReady();
        return life;
      },
    };
    const context = {
      clock: this.clock,
      random: () => 0.5,
      log: logTo([]),
      starter,
      signal: this.#stop.signal,
      ready: (facts: ReadyFacts = {}) => {
        this.facts = facts;
        this.story.push("ready");
      },
    };
    this.supervisor = new Supervisor(
      context as unknown as RoleContext,
      (name, how) => this.story.push(`again ${name}: ${how}`),
    );
    this.done = this.supervisor.run(stages);
    this.done.catch(() => {}); // tests look at it
  }

  /** The newest life of a role. */
  life(name: string): Life {
    const life = this.lives.get(name)?.at(-1);
    assert.ok(life, `${name} was never started`);
    return life;
  }

  count(name: string): number {
    return this.lives.get(name)?.length ?? 0;
  }

  async untilReady(): Promise<void> {
    await until("the household", () => this.facts);
  }

  /** Ends the newest life, and lets the supervisor notice. */
  async kill(name: string, end = DEATH): Promise<void> {
    this.life(name).end(end);
    await turns();
  }

  /** Tells the supervisor to stop. */
  stop(): void {
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    for (const lives of this.lives.values()) for (const life of lives) life.end({ kind: "stopped" });
    await this.done.catch(() => {});
    assert.equal(this.clock.pending, 0, "no timer is left");
  }
}

/** Lets promises settle; no time passes. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

test("Supervisor.run() starts a stage when all of the one before are ready, and passes on what they told", async () => {
  await using house = new House([["log"], ["bus", "requests"], ["reactor"]], { isReady: () => false });
  await turns();
  assert.deepEqual(house.story, ["start log"]);
  house.life("log").becomeReady();
  await turns();
  assert.deepEqual(house.story, ["start log", "start bus", "start requests"]);
  house.life("requests").becomeReady({ retPort: 4506 });
  await turns();
  assert.equal(house.count("reactor"), 0, "the bus is not ready");
  house.life("bus").becomeReady({ publishPort: 4505 });
  await turns();
  assert.deepEqual(house.life("reactor").facts, { retPort: 4506, publishPort: 4505 });
  assert.equal(house.facts, undefined);
  house.life("reactor").becomeReady();
  await house.untilReady();
  assert.deepEqual(house.facts, { retPort: 4506, publishPort: 4505 });
});

test("Supervisor stops its roles last to first, each when the one after it has ended", async () => {
  await using house = new House([["a"], ["b", "c"]], { stops: false });
  await house.untilReady();
  house.stop();
  const told = () => ["a", "b", "c"].filter((name) => house.life(name).isToldToStop);
  await turns();
  assert.deepEqual(told(), ["c"]);
  house.life("c").end({ kind: "stopped" });
  await turns();
  assert.deepEqual(told(), ["b", "c"]);
  house.life("b").end(DEATH); // on the way out no end is an accident
  await turns();
  assert.deepEqual(told(), ["a", "b", "c"]);
  house.life("a").end({ kind: "stopped" });
  await house.done;
  assert.ok(!house.story.some((line) => line.startsWith("again")), house.story.join());
});

test("Supervisor starts a role again that died, after a wait that grows, and tells of it; the others go on", async () => {
  await using house = new House([["a", "b"]]);
  await house.untilReady();
  const waits: number[] = [];
  for (let round = 0; round < 10; round++) {
    const before = house.count("a");
    await house.kill("a", round === 0 ? { kind: "failed", reason: "no room" } : DEATH);
    let waitedMs = 0;
    while (house.count("a") === before) {
      assert.ok((waitedMs += 5) < 10_000);
      house.clock.advance(5);
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }
    waits.push(waitedMs);
    await turns();
  }
  assert.deepEqual(waits.slice(0, 4), [25, 50, 100, 200]);
  assert.equal(waits.at(-1), 2_500, "half of the longest, as chance would have it");
  assert.equal(house.count("b"), 1);
  assert.deepEqual(house.story.filter((line) => line.startsWith("again")).slice(0, 2), [
    "again a: no room",
    "again a: it died of SIGKILL",
  ]);
});

test("Supervisor begins with the shortest wait again when a role had lived for long", async () => {
  await using house = new House([["a"]]);
  await house.untilReady();
  const waitOf = async () => {
    await house.kill("a");
    const before = house.count("a");
    for (let waitedMs = 5;; waitedMs += 5) {
      house.clock.advance(5);
      await turns();
      if (house.count("a") > before) return waitedMs;
    }
  };
  assert.deepEqual([await waitOf(), await waitOf(), await waitOf()], [25, 50, 100]);
  house.clock.advance(11_000);
  assert.equal(await waitOf(), 25);
});

test("Supervisor gives a role that is started again the facts of all", async () => {
  await using house = new House([["a"], ["b"]], { isReady: (name) => name === "b" });
  house.life("a").becomeReady({ retPort: 7 });
  await house.untilReady();
  await house.kill("b");
  house.clock.advance(100);
  await turns();
  assert.deepEqual(house.life("b").facts, { retPort: 7 });
});

test("Supervisor.run() gives up when a role fails to start six times in a row, and stops the others", async () => {
  await using house = new House([["a"], ["b"]], { isReady: (name, life) => name === "a" || life === 1 });
  await house.untilReady();
  await house.kill("b");
  for (let failure = 1; failure <= 6; failure++) {
    house.clock.advance(10_000);
    await turns();
    assert.equal(house.count("b"), failure + 1);
    await house.kill("b", { kind: "failed", reason: `Cannot open the store: attempt ${failure}` });
  }
  await assert.rejects(house.done, /^Error: Cannot open the store: attempt 6$/);
  assert.ok(house.life("a").isToldToStop);
});

test("Supervisor.run() throws a role's own reason when its first start fails, and stops those that run", async () => {
  const cause = new TypeError("Cannot listen on 4506: it is taken");
  for (
    const [end, want] of [
      [{ kind: "failed", reason: "ignored", cause }, cause],
      [{ kind: "failed", reason: "Cannot listen" }, /^Error: Cannot listen$/],
      [DEATH, /^Error: Cannot keep b running: it died of SIGKILL$/],
    ] as const
  ) {
    await using house = new House([["a"], ["b"]], { isReady: (name) => name === "a" });
    await turns();
    house.life("b").end(end);
    await assert.rejects(house.done, want);
    assert.equal(house.count("b"), 1, "no restart loop");
    assert.ok(house.life("a").isToldToStop);
    assert.equal(house.facts, undefined);
  }
});

test("Supervisor.run() gives up on a role that is not ready in time", async () => {
  await using house = new House([["a"]], { isReady: () => false });
  await turns();
  house.clock.advance(20_000);
  await assert.rejects(house.done, /Cannot start a: not ready within 20 s/);
});

test("Supervisor counts a role that is started again and never becomes ready as failed", async () => {
  await using house = new House([["a"]], { isReady: (_name, life) => life === 1 });
  await house.untilReady();
  await house.kill("a");
  house.clock.advance(100);
  await turns();
  assert.equal(house.count("a"), 2);
  house.clock.advance(20_000);
  await turns();
  assert.ok(house.lives.get("a")?.[1]?.isToldToStop);
  house.clock.advance(5_000);
  await turns();
  assert.equal(house.count("a"), 3);
});

test("Supervisor where nothing can be started again ends with the first failure", async () => {
  await using house = new House([["a"], ["b"]], { canRestart: false });
  await house.untilReady();
  await house.kill("b", { kind: "failed", reason: "Cannot go on" });
  await assert.rejects(house.done, /^Error: Cannot go on$/);
  assert.deepEqual([house.count("a"), house.count("b")], [1, 1]);
});

test("Supervisor stops while a role waits to be started again, and does not start it", async () => {
  await using house = new House([["a"], ["b"]]);
  await house.untilReady();
  await house.kill("b");
  house.stop();
  await house.done;
  assert.equal(house.clock.pending, 0);
  assert.equal(house.count("b"), 1);
});

test("Supervisor stops while a role is being started again: the new life is stopped too", async () => {
  await using house = new House([["a"]], { isReady: (_name, life) => life === 1 });
  await house.untilReady();
  await house.kill("a");
  house.clock.advance(100);
  await turns();
  house.stop();
  await house.done;
  assert.equal(house.count("a"), 2);
  assert.ok(house.life("a").isToldToStop);
});

test("Supervisor.run() gives up over one role while another waits to be started again, which is not started", async () => {
  await using house = new House([["a", "b"]], { isReady: (name, life) => name === "a" || life === 1 });
  await house.untilReady();
  await house.kill("b");
  for (let failure = 1; failure <= 6; failure++) {
    house.clock.advance(10_000);
    await turns();
    if (failure === 6) await house.kill("a");
    await house.kill("b", { kind: "failed", reason: "Cannot go on" });
  }
  await assert.rejects(house.done, /Cannot go on/);
  assert.equal(house.count("a"), 1);
});

test("Supervisor.renew() stops a role in order and starts it again at once, which is no restart to tell of", async () => {
  await using house = new House([["a", "b"]], { stops: false });
  await house.untilReady();
  house.supervisor.renew("b");
  house.supervisor.renew("b"); // twice in a row, as two SIGHUPs do
  await turns();
  assert.deepEqual([house.life("b").isToldToStop, house.count("b")], [true, 1], "not beside the old one");
  house.life("b").end({ kind: "stopped" });
  await turns();
  assert.deepEqual([house.count("a"), house.count("b")], [1, 2]);
  assert.equal(house.life("b").isToldToStop, false);
  assert.ok(!house.story.some((line) => line.startsWith("again")));
  await house.kill("b");
  house.clock.advance(100);
  await turns();
  assert.equal(house.count("b"), 3, "it is kept running as before");
});

test("Supervisor.renew() works where nothing else is started again, and leaves a role alone that is about to start", async () => {
  await using local = new House([["a"]], { canRestart: false });
  await local.untilReady();
  local.supervisor.renew("a");
  await turns();
  assert.equal(local.count("a"), 2);
  local.supervisor.renew("nobody");

  await using house = new House([["a"]]);
  await house.untilReady();
  await house.kill("a");
  house.supervisor.renew("a");
  await turns();
  assert.equal(house.count("a"), 1);
  house.clock.advance(100);
  await turns();
  assert.equal(house.count("a"), 2);
});

test("Supervisor that is told to stop during a renewal stops the role and starts no other", async () => {
  await using house = new House([["a"]], { stops: false });
  await house.untilReady();
  house.supervisor.renew("a");
  house.stop();
  await turns();
  house.life("a").end({ kind: "stopped" });
  await house.done;
  assert.equal(house.count("a"), 1);
});
