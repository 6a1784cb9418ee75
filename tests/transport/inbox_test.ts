/** Tests of the bounded queue behind `for await`. @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Inbox } from "../../src/transport/inbox.ts";
import { test } from "../kit/test.ts";

test("Inbox yields in order what was offered, and says false at its bound", async () => {
  const inbox = new Inbox<number>(3);
  assert.deepEqual([1, 2, 3, 4].map((item) => inbox.offer(item)), [true, true, true, false]);
  inbox.end();
  assert.equal(inbox.offer(5), false);
  assert.deepEqual(await Array.fromAsync(inbox), [1, 2, 3]);
});

test("Inbox hands an item to the consumer that waits, whatever the bound", async () => {
  const inbox = new Inbox<number>(0);
  const next = inbox[Symbol.asyncIterator]().next();
  assert.ok(inbox.offer(1));
  assert.equal(inbox.offer(2), false);
  assert.deepEqual(await next, { value: 1, done: false });
});

test("Inbox resolves next() in one microtask when an item is queued", async () => {
  const inbox = new Inbox<number>(3);
  inbox.offer(1);
  let value: number | undefined;
  inbox[Symbol.asyncIterator]().next().then((result) => value = result.value);
  await Promise.resolve();
  assert.equal(value, 1);
});

test("Inbox keeps what is queued when a loop is left early", async () => {
  const inbox = new Inbox<number>(3);
  for (const item of [1, 2]) inbox.offer(item);
  for await (const item of inbox) {
    assert.equal(item, 1);
    break;
  }
  assert.equal(inbox.size, 1);
  inbox.end();
  assert.deepEqual(await Array.fromAsync(inbox), [2]);
});

test("Inbox ends for a consumer that waits, and forgets on clear()", async () => {
  const inbox = new Inbox<number>(3);
  const next = inbox[Symbol.asyncIterator]().next();
  inbox.end();
  assert.deepEqual(await next, { value: undefined, done: true });
  const other = new Inbox<number>(3);
  other.offer(1);
  other.clear();
  other.end();
  assert.deepEqual(await Array.fromAsync(other), []);
});

test("Inbox refuses a second consumer", async () => {
  const inbox = new Inbox<number>(3);
  const first = inbox[Symbol.asyncIterator]().next();
  await assert.rejects(inbox[Symbol.asyncIterator]().next(), /somebody else is reading/);
  inbox.end();
  await first;
});

test("Inbox behaves as an array with a bound under any mix of offers and takes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -1500, max: 1500 }), { maxLength: 12 }), async (steps) => {
      const inbox = new Inbox<number>(4000);
      const model: number[] = [];
      const iterator = inbox[Symbol.asyncIterator]();
      let serial = 0;
      for (const step of steps) {
        for (let n = 0; n < step; n++) {
          assert.equal(inbox.offer(++serial), model.length < 4000);
          if (model.length < 4000) model.push(serial);
        }
        for (let n = 0; n < -step && model.length > 0; n++) {
          assert.equal((await iterator.next()).value, model.shift());
        }
        assert.equal(inbox.size, model.length);
      }
    }),
    { numRuns: 30 },
  );
});
