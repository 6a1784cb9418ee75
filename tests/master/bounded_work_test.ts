/** Tests of tasks that run a few at a time, and of numbers that are told together. @module */
import assert from "node:assert/strict";
import { BoundedWork } from "../../src/master/bounded_work.ts";
import { Finished } from "../../src/master/finished.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

/** Tasks that end when the test says so. */
function tasks() {
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const task = (number: number) => async () => {
    started.push(number);
    await new Promise<void>((resolve) => ends.push(resolve));
  };
  const end = async (count: number) => {
    for (let i = 0; i < count; i++) {
      ends.shift()?.();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  return { started, task, end };
}

test("BoundedWork runs so many at a time, the others in order when there is room", async () => {
  const { started, task, end } = tasks();
  const work = new BoundedWork({ running: 2, waiting: 10 }, () => assert.fail("nothing is dropped"));
  for (let i = 0; i < 5; i++) work.add(task(i));
  assert.deepEqual(started, [0, 1]);
  await end(1);
  assert.deepEqual(started, [0, 1, 2]);
  await end(4);
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
  work.add(task(5));
  assert.deepEqual(started.at(-1), 5);
  await end(1);
  await work.settled();
});

test("BoundedWork drops what is beyond its bound and says how many, in few words", async () => {
  const { started, task, end } = tasks();
  const dropped: number[] = [];
  const work = new BoundedWork({ running: 1, waiting: 10 }, (count) => void dropped.push(count));
  for (let i = 0; i < 18; i++) work.add(task(i));
  assert.deepEqual([started.length, dropped], [1, []]);
  await end(4);
  assert.deepEqual(dropped, [], "still more than half of the bound waits");
  work.add(task(100));
  await end(2);
  assert.deepEqual(dropped, [7]);
  await end(20);
  assert.equal(started.length, 12);
  await work.settled();
  assert.deepEqual(dropped, [7], "told once");
});

test("BoundedWork tells of a flood that does not end, too", () => {
  const dropped: number[] = [];
  const work = new BoundedWork({ running: 1, waiting: 10 }, (count) => void dropped.push(count));
  for (let i = 0; i < 11 + 25; i++) work.add(() => new Promise(() => {}));
  assert.deepEqual(dropped, [10, 10]);
});

test("BoundedWork.settled() waits for what runs, and counts what waited as dropped", async () => {
  const { started, task, end } = tasks();
  const dropped: number[] = [];
  const work = new BoundedWork({ running: 2, waiting: 10 }, (count) => void dropped.push(count));
  for (let i = 0; i < 5; i++) work.add(task(i));
  let isSettled = false;
  const settled = work.settled().then(() => isSettled = true);
  await end(1);
  assert.equal(isSettled, false);
  await end(1);
  await settled;
  assert.deepEqual([started, dropped], [[0, 1], [3]]);
});

test("Finished tells the numbers of one turn together, in order, and each once", async () => {
  const told: (readonly number[])[] = [];
  const finished = new Finished((tasks) => void told.push(tasks));
  for (const task of [1, 2, 3]) finished.add(task);
  assert.deepEqual(told, [], "not at once");
  await until("the first", () => told.length === 1);
  finished.add(4);
  await until("the second", () => told.length === 2);
  assert.deepEqual(told, [[1, 2, 3], [4]]);
});
