import assert from "node:assert/strict";
import type { Listener } from "../../src/master/event_subscriptions.ts";
import { UnclaimedEvents } from "../../src/master/unclaimed_events.ts";
import type { BusEvent } from "../../src/wire/operator_messages.ts";
import { test } from "../kit/test.ts";

const nobody: ReadonlySet<Listener> = new Set();
const event = (tag: string, at: number): BusEvent => ({ sequence: at, tag, at, data: {} });

test("UnclaimedEvents keeps a job's events until its path is subscribed to, and hands them out once", () => {
  const unclaimed = new UnclaimedEvents();
  const listener: Listener = { take: () => {} };
  unclaimed.keep(event("brine/job/j1/new", 1), new Set([listener]), () => false);
  unclaimed.keep(event("brine/job/j1/ret/web01", 2), nobody, () => false);
  unclaimed.keep(event("brine/job/j2/ret/web01", 3), nobody, () => true);
  unclaimed.keep(event("brine/key", 4), nobody, () => false);
  const claimed = unclaimed.claim("brine/job/j1/");
  assert.deepEqual(claimed.map(({ event: { tag }, told }) => [tag, told.has(listener)]), [
    ["brine/job/j1/new", true],
    ["brine/job/j1/ret/web01", false],
  ]);
  for (const path of ["brine/job/j1/", "brine/job/j2/", "brine/", ""]) assert.deepEqual(unclaimed.claim(path), []);
});

test("UnclaimedEvents forgets what nobody claims, by age and by number", () => {
  const unclaimed = new UnclaimedEvents();
  unclaimed.keep(event("brine/job/old/new", 0), nobody, () => false);
  unclaimed.keep(event("brine/job/young/new", 2_999), nobody, () => false);
  assert.equal(unclaimed.claim("brine/job/young/").length, 1);
  unclaimed.keep(event("brine/job/later/new", 3_000), nobody, () => false);
  assert.deepEqual(unclaimed.claim("brine/job/old/"), []);
  for (let n = 0; n < 20_001; n++) unclaimed.keep(event(`brine/job/n${n}/new`, 3_001), nobody, () => false);
  assert.deepEqual(unclaimed.claim("brine/job/n0/"), []);
  assert.equal(unclaimed.claim("brine/job/n20000/").length, 1);
});
