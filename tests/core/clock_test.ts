import assert from "node:assert/strict";
import { pause, systemClock } from "../../src/core/clock.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";

/** Whether `promise` is settled once all microtasks have run. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => settled = true);
  for (let i = 0; i < 5; i++) await Promise.resolve();
  return settled;
}

test("pause() resolves when its time has come and leaves no timer", async () => {
  const clock = new ManualClock();
  const paused = pause(clock, 100);
  clock.advance(99);
  assert.equal(await isSettled(paused), false);
  clock.advance(1);
  assert.equal(await isSettled(paused), true);
  assert.equal(clock.pending, 0);
});

test("pause() resolves when its signal aborts, and leaves neither timer nor listener", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  Object.assign(stop.signal, {
    addEventListener: (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(stop.signal, args);
    },
    removeEventListener: (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(stop.signal, args);
    },
  });
  const [short, long] = [pause(clock, 10, stop.signal), pause(clock, 1_000, stop.signal)];
  clock.advance(10);
  assert.equal(await isSettled(short), true);
  assert.equal(listeners, 1, "the one that is over listens no more");
  stop.abort();
  assert.equal(await isSettled(long), true);
  assert.equal(clock.pending, 0);
  assert.equal(listeners, 0);
  assert.equal(await isSettled(pause(clock, 1_000, stop.signal)), true, "aborted before it began");
  assert.equal(clock.pending, 0);
});

test("systemClock fires once, or again and again, until it is disposed", async () => {
  const { promise: once, resolve } = Promise.withResolvers<void>();
  using _once = systemClock.after(1, resolve);
  await once;
  const { promise: thrice, resolve: enough } = Promise.withResolvers<void>();
  let count = 0;
  using _every = systemClock.every(1, () => ++count === 3 ? enough() : undefined);
  await thrice;
  systemClock.after(0, () => assert.fail("it was disposed"))[Symbol.dispose]();
  await pause(systemClock, 5);
});

test("systemClock waits for longer than 2^31 ms instead of firing at once", async () => {
  let fired = 0;
  for (const delayMs of [2 ** 31, 30 * 86_400_000, 2 ** 40, Infinity]) {
    using _after = systemClock.after(delayMs, () => void fired++);
    using _every = systemClock.every(delayMs, () => void fired++);
    await pause(systemClock, 5);
  }
  assert.equal(fired, 0);
});

test("systemClock fires a wait of several pieces at its end", () => {
  const { setTimeout: real } = globalThis;
  const waits: { fire: () => void; delayMs: number }[] = [];
  const fake = (fire: () => void, delayMs: number) => waits.push({ fire, delayMs });
  Object.assign(globalThis, { setTimeout: fake });
  try {
    let fired = 0;
    systemClock.after(2 ** 32, () => void fired++);
    for (const piece of waits) piece.fire(); // each adds the next
    assert.equal(fired, 1);
    assert.deepEqual(waits.map(({ delayMs }) => delayMs), [2 ** 31 - 1, 2 ** 31 - 1, 2]);
  } finally {
    Object.assign(globalThis, { setTimeout: real });
  }
});
