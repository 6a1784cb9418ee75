/** Tests of which request goes to which worker, and when. @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  Dispatcher,
  MAX_WAITING,
  MAX_WAITING_BYTES,
  type NewTask,
  PACKED,
  WORKER_CREDIT,
  WORKER_CREDIT_BYTES,
  type WorkerTask,
} from "../../src/master/dispatcher.ts";
import type { FromQueue, Link, PeerNumber } from "../../src/master/link.ts";
import { test } from "../kit/test.ts";

/** A worker that writes down what it gets. */
class StubWorker implements Link<FromQueue> {
  readonly taken: WorkerTask[] = [];
  readonly #isDone = new Set<number>();

  send(message: FromQueue): void {
    if (message.kind === "request" || message.kind === "handshake") this.taken.push(message);
  }

  /** What it has not finished, oldest first. */
  get open(): WorkerTask[] {
    return this.taken.filter(({ task }) => !this.#isDone.has(task));
  }

  /** The keys of what it took, in order. */
  get keys(): string[] {
    return this.taken.map(nameOf);
  }

  /** Says that the oldest `count` are done. */
  finish(dispatcher: Dispatcher, count = Infinity): void {
    const numbers = this.open.slice(0, count).map(({ task }) => task);
    for (const number of numbers) this.#isDone.add(number);
    dispatcher.finish(this, numbers);
  }

  [Symbol.dispose](): void {}
}

const nameOf = (task: WorkerTask) => task.kind === "request" ? task.key : `${task.peer} step ${task.step}`;
const peersOf = (tasks: readonly WorkerTask[]) => tasks.map(({ peer }) => peer);

function request(peer: PeerNumber, key: string, sizeBytes = 0): NewTask {
  return { kind: "request", peer, role: "minion", id: `m${peer}`, key, message: new Uint8Array(sizeBytes) };
}

function handshake(peer: PeerNumber, step: 1 | 2): NewTask {
  return { kind: "handshake", peer, address: "10.0.0.1", step, frame: new Uint8Array(0) };
}

function dispatcherWith(...workers: StubWorker[]): Dispatcher {
  const dispatcher = new Dispatcher();
  for (const worker of workers) dispatcher.addWorker(worker);
  return dispatcher;
}

test("Dispatcher lets a peer with 4,000 waiting delay another's handshake by one round at most", () => {
  const worker = new StubWorker();
  const dispatcher = dispatcherWith(worker);
  for (let i = 0; i < 4_000; i++) assert.ok(dispatcher.offer(request(1, `${i}`)));
  assert.equal(worker.taken.length, WORKER_CREDIT);
  dispatcher.offer(handshake(2, 1));
  dispatcher.offer(request(3, "small"));
  worker.finish(dispatcher, 3);
  assert.deepEqual(peersOf(worker.taken.slice(WORKER_CREDIT)), [1, 2, 3]);
});

test("Dispatcher gives peers that have much turns of one request each", () => {
  const worker = new StubWorker();
  const dispatcher = new Dispatcher();
  for (const peer of [1, 2, 3]) for (let i = 0; i < 200; i++) dispatcher.offer(request(peer, `${peer}.${i}`));
  dispatcher.addWorker(worker);
  for (let i = 0; i < 6; i++) assert.equal(worker.taken[i]?.peer, 1 + i % 3);
  worker.finish(dispatcher);
  assert.deepEqual(peersOf(worker.taken.slice(0, 300)), Array.from({ length: 300 }, (_, i) => 1 + i % 3));
});

test("Dispatcher packs requests into one worker up to a point, then takes the idlest; a peer's stay together", () => {
  const [a, b, c] = [new StubWorker(), new StubWorker(), new StubWorker()];
  const dispatcher = dispatcherWith(a, b, c);
  for (let peer = 0; peer < PACKED; peer++) dispatcher.offer(request(peer, `a${peer}`));
  dispatcher.offer(request(100, "100"));
  dispatcher.offer(request(0, "0 again"));
  assert.deepEqual([a.taken.length, b.keys, c.keys], [PACKED + 1, ["100"], []]);
  for (let peer = 101; peer < 100 + 2 * PACKED; peer++) dispatcher.offer(request(peer, `${peer}`));
  assert.deepEqual([b.taken.length, c.taken.length], [PACKED, PACKED]);
  for (const peer of [900, 901, 902]) dispatcher.offer(request(peer, `${peer}`));
  assert.deepEqual([a.taken.length, b.taken.length, c.taken.length], [PACKED + 2, PACKED + 1, PACKED + 1]);
});

test("Dispatcher gives no more to a worker that finishes nothing, while others go on", () => {
  let now = 0;
  const [a, b] = [new StubWorker(), new StubWorker()];
  const dispatcher = new Dispatcher({ now: () => now });
  for (const worker of [a, b]) dispatcher.addWorker(worker);
  dispatcher.offer(request(1, "1"));
  now = 251;
  dispatcher.offer(request(2, "2"));
  dispatcher.offer(handshake(3, 1));
  assert.deepEqual([a.keys, b.keys], [["1"], ["2", "3 step 1"]]);
  now = 1_000;
  dispatcher.offer(request(4, "4"));
  assert.deepEqual(a.keys, ["1", "4"], "when all are stuck, the idlest of them");
  a.finish(dispatcher);
  dispatcher.offer(request(5, "5"));
  assert.deepEqual(a.keys, ["1", "4", "5"], "it goes on again");
});

test("Dispatcher gives handshakes, which cost a core, to the idlest worker", () => {
  const [a, b] = [new StubWorker(), new StubWorker()];
  const dispatcher = dispatcherWith(a, b);
  dispatcher.offer(request(1, "1"));
  for (const peer of [2, 3]) dispatcher.offer(handshake(peer, 1));
  assert.deepEqual([a.keys, b.keys], [["1", "3 step 1"], ["2 step 1"]]);
});

test("Dispatcher holds back what a worker has no credit for, by number and by bytes, and lets others go on", () => {
  const [a, b] = [new StubWorker(), new StubWorker()];
  const dispatcher = dispatcherWith(a, b);
  for (let i = 0; i < WORKER_CREDIT + 10; i++) dispatcher.offer(request(1, `${i}`));
  assert.equal(a.taken.length, WORKER_CREDIT);
  assert.deepEqual(b.keys, [], "the order of a peer is kept");
  dispatcher.offer(request(2, "other"));
  assert.deepEqual(b.keys, ["other"]);
  a.finish(dispatcher, 4);
  assert.equal(a.taken.length, WORKER_CREDIT + 4);

  const large = WORKER_CREDIT_BYTES / 4;
  for (let i = 0; i < 6; i++) dispatcher.offer(request(3, `large ${i}`, large));
  assert.deepEqual(b.keys.slice(1), ["large 0", "large 1", "large 2", "large 3"]);
  dispatcher.offer(request(4, "waits"));
  assert.equal(b.taken.length, 5, "neither has room");
  b.finish(dispatcher, 2);
  assert.deepEqual(b.keys.slice(5), ["large 4"], "room for one, and full again by its bytes");
  b.finish(dispatcher);
  assert.deepEqual(b.keys.slice(6), ["waits", "large 5"]);
});

test("Dispatcher.offer() refuses what a peer has waiting beyond its bound, and takes it from others", () => {
  const dispatcher = new Dispatcher();
  for (let i = 0; i < MAX_WAITING; i++) assert.ok(dispatcher.offer(request(1, `${i}`)));
  assert.equal(dispatcher.offer(request(1, "one more")), false);
  assert.ok(dispatcher.offer(request(2, "other")));
  const large = MAX_WAITING_BYTES / 4;
  for (let i = 0; i < 4; i++) assert.ok(dispatcher.offer(request(3, `${i}`, large)));
  assert.equal(dispatcher.offer(request(3, "one more")), false);
  const worker = new StubWorker();
  dispatcher.addWorker(worker);
  assert.ok(dispatcher.offer(request(1, "one more")), "its turn came");
  while (worker.open.length > 0) worker.finish(dispatcher);
  assert.equal(dispatcher.size, 0);
  for (let i = 0; i < 4; i++) assert.ok(dispatcher.offer(request(3, `again ${i}`, large)), "bytes were given back");
});

test("Dispatcher.removeWorker() gives what was unfinished to another worker, in order, marked as a repetition", () => {
  const [a, b] = [new StubWorker(), new StubWorker()];
  const dispatcher = dispatcherWith(a, b);
  for (let i = 0; i < 5; i++) dispatcher.offer(request(1, `1.${i}`));
  dispatcher.offer(handshake(2, 1)); // to the idle one
  a.finish(dispatcher, 2);
  assert.deepEqual(dispatcher.removeWorker(a), []);
  dispatcher.offer(request(1, "1.5"));
  assert.deepEqual(b.keys, ["2 step 1", "1.2", "1.3", "1.4", "1.5"]);
  assert.deepEqual(b.taken.map(({ isRepeated }) => isRepeated), [false, true, true, true, false]);
  dispatcher.finish(a, a.open.map(({ task }) => task)); // the dead worker's last words change nothing
  assert.equal(b.open.length, 5);
  b.finish(dispatcher);
  dispatcher.forget(2);
  assert.equal(dispatcher.size, 0);
});

test("Dispatcher keeps both halves of a handshake on one worker, also when another one is idler by then", () => {
  const [a, b] = [new StubWorker(), new StubWorker()];
  const dispatcher = dispatcherWith(a, b);
  dispatcher.offer(handshake(1, 1));
  a.finish(dispatcher);
  dispatcher.offer(request(2, "busy"));
  dispatcher.offer(handshake(1, 2));
  assert.deepEqual(a.keys, ["1 step 1", "busy", "1 step 2"]);
  a.finish(dispatcher);
  assert.equal(dispatcher.size, 0);
  dispatcher.offer(request(3, "busy"));
  dispatcher.offer(handshake(1, 1));
  assert.deepEqual(b.keys, ["1 step 1"], "after that it is free");
});

test("Dispatcher.removeWorker() reports handshakes that went with the worker, in either half and between", () => {
  const [a, b] = [new StubWorker(), new StubWorker()];
  const dispatcher = dispatcherWith(a);
  for (const peer of [1, 2, 3]) dispatcher.offer(handshake(peer, 1));
  a.finish(dispatcher, 2);
  dispatcher.offer(handshake(2, 2)); // 1 is between its halves, 2 in its second, 3 in its first
  dispatcher.offer(request(4, "kept"));
  dispatcher.addWorker(b);
  assert.deepEqual(dispatcher.removeWorker(a).toSorted(), [1, 2, 3]);
  assert.deepEqual(b.keys, ["kept"]);
  b.finish(dispatcher);
  for (const peer of [1, 2, 3]) dispatcher.forget(peer);
  assert.equal(dispatcher.size, 0);
});

test("Dispatcher does not pin a peer for ever whose handshake was broken when it was in already", () => {
  const [a, b] = [new StubWorker(), new StubWorker()];
  const dispatcher = dispatcherWith(a);
  dispatcher.offer(handshake(1, 1));
  a.finish(dispatcher);
  dispatcher.offer(handshake(1, 2));
  dispatcher.offer(request(1, "first words")); // the worker seated it, and died before it said that it had finished
  dispatcher.removeWorker(a);
  dispatcher.addWorker(b);
  b.finish(dispatcher);
  assert.equal(dispatcher.size, 0);
});

test("Dispatcher.forget() drops the handshakes of a peer that has gone, and still does its requests", () => {
  const worker = new StubWorker();
  const dispatcher = new Dispatcher();
  dispatcher.offer(handshake(1, 1));
  dispatcher.offer(request(2, "a return"));
  for (const peer of [1, 2]) dispatcher.forget(peer);
  dispatcher.addWorker(worker);
  assert.deepEqual(worker.keys, ["a return"]);
  dispatcher.offer(handshake(3, 1));
  dispatcher.forget(3); // while it is at work
  dispatcher.offer(handshake(4, 1));
  worker.finish(dispatcher);
  assert.equal(dispatcher.size, 1, "4 is between its halves");
  dispatcher.forget(4);
  assert.equal(dispatcher.size, 0);
});

test("Dispatcher looks a few times at each of 10,000 peers, not at all of them for each", () => {
  const PEERS = 10_000;
  const worker = new StubWorker();
  const dispatcher = new Dispatcher();
  using looks = new CountedLooks();
  for (let peer = 0; peer < PEERS / 2; peer++) dispatcher.offer(request(peer, ""));
  dispatcher.addWorker(worker);
  for (let peer = PEERS / 2; peer < PEERS; peer++) dispatcher.offer(request(peer, ""));
  for (let finished = 0; finished < PEERS; finished += WORKER_CREDIT) {
    dispatcher.finish(worker, worker.taken.slice(finished).map(({ task }) => task));
  }
  assert.deepEqual(peersOf(worker.taken), Array.from({ length: PEERS }, (_, i) => i));
  assert.equal(dispatcher.size, 0);
  assert.ok(looks.count < PEERS * 10, `${looks.count}`);
});

/** Counts every look into any map until it is disposed: what a dispatcher does without saying so. */
class CountedLooks implements Disposable {
  count = 0;
  readonly #get = Map.prototype.get;

  constructor() {
    const get = this.#get;
    const add = () => this.count++;
    Map.prototype.get = function (key) {
      add();
      return get.call(this, key);
    };
  }

  [Symbol.dispose](): void {
    Map.prototype.get = this.#get;
  }
}

type Step =
  | { readonly do: "offer"; readonly peer: number; readonly count: number }
  | { readonly do: "finish"; readonly worker: number; readonly count: number }
  | { readonly do: "add" }
  | { readonly do: "remove"; readonly worker: number }
  | { readonly do: "forget"; readonly peer: number };

const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("offer"), peer: fc.nat(5), count: fc.integer({ min: 1, max: 300 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("finish"), worker: fc.nat(2), count: fc.integer({ min: 1, max: 300 }) }),
  },
  fc.record({ do: fc.constant("add") }),
  fc.record({ do: fc.constant("remove"), worker: fc.nat(2) }),
  fc.record({ do: fc.constant("forget"), peer: fc.nat(5) }),
) as fc.Arbitrary<Step>;

test("Dispatcher does everything once and in order, whatever comes, dies and goes in between", () => {
  fc.assert(
    fc.property(fc.array(arbitraryStep, { maxLength: 40 }), (steps) => {
      const dispatcher = new Dispatcher();
      let workers: StubWorker[] = [];
      const offered = new Map<number, string[]>();
      const done = new Map<number, string[]>();
      const finish = (worker: StubWorker, count: number) => {
        for (const task of worker.open.slice(0, count)) {
          done.set(task.peer, [...done.get(task.peer) ?? [], nameOf(task)]);
        }
        worker.finish(dispatcher, count);
      };
      for (const step of steps) {
        if (step.do === "offer") {
          for (let i = 0; i < step.count; i++) {
            const keys = offered.get(step.peer) ?? [];
            const key = `${step.peer}.${keys.length}`;
            if (dispatcher.offer(request(step.peer, key))) offered.set(step.peer, [...keys, key]);
          }
        } else if (step.do === "add") {
          const worker = new StubWorker();
          workers.push(worker);
          dispatcher.addWorker(worker);
        } else if (step.do === "forget") {
          dispatcher.forget(step.peer);
        } else {
          const worker = workers[step.worker];
          if (!worker) continue;
          if (step.do === "finish") finish(worker, step.count);
          else {
            workers = workers.filter((other) => other !== worker);
            assert.deepEqual(dispatcher.removeWorker(worker), []);
          }
        }
        for (const { open } of workers) assert.ok(open.length <= WORKER_CREDIT);
        const holders = workers.map(({ open }) => new Set(peersOf(open)));
        for (let peer = 0; peer <= 5; peer++) assert.ok(holders.filter((held) => held.has(peer)).length <= 1);
        const atWork = workers.reduce((sum, { open }) => sum + open.length, 0);
        const all = [...offered.values()].reduce((sum, keys) => sum + keys.length, 0);
        const finished = [...done.values()].reduce((sum, keys) => sum + keys.length, 0);
        const isIdle = workers.length > 0 && workers.every(({ open }) => open.length < WORKER_CREDIT);
        if (isIdle) assert.equal(atWork, all - finished, "nothing waits while all have room");
      }
      const last = new StubWorker();
      for (const worker of workers) dispatcher.removeWorker(worker);
      dispatcher.addWorker(last);
      while (last.open.length > 0) finish(last, Infinity);
      assert.deepEqual(done, offered);
      assert.equal(dispatcher.size, 0);
    }),
    { numRuns: 60 },
  );
});
