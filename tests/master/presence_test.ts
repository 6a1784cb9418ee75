/** Tests of who is there. @module */
import assert from "node:assert/strict";
import { JOINING_MS, Presence } from "../../src/master/presence.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

test("Presence.settled() waits for those who are joining, for so long and no longer, and for nobody else", async () => {
  const clock = new ManualClock();
  const presence = new Presence(clock);
  const note = (id: string, state: "joining" | "up" | "down") =>
    presence.note({ id, state, at: clock.now(), address: "10.0.0.1" });
  note("a", "joining");
  note("b", "joining");
  note("c", "up");
  const done: string[] = [];
  const waits = [
    presence.settled(["c", "d"]).then(() => done.push("c, d")),
    presence.settled(["a", "c"]).then(() => done.push("a")),
    presence.settled(["b"]).then(() => done.push("b")),
  ];
  await until("the first", () => done.length === 1);
  note("a", "up");
  await until("the second", () => done.length === 2);
  clock.advance(JOINING_MS - 1);
  assert.equal(done.length, 2);
  clock.advance(1);
  await Promise.all(waits);
  assert.deepEqual(done, ["c, d", "a", "b"]);
  note("e", "joining");
  const last = presence.settled(["e"]);
  presence[Symbol.dispose]();
  await last;
  assert.equal(clock.pending, 0);
});
