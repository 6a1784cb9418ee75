/** Tests of the subscription index, against an oracle that is too simple to be wrong. @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Subscriptions } from "../../src/transport/zws/subscriptions.ts";
import { test } from "../kit/test.ts";

const topicOf = fc.uint8Array({ maxLength: 3, max: 2 }); // few values, so that prefixes do meet
const memberOf = fc.integer({ min: 0, max: 4 });
const change = fc.record({
  verb: fc.constantFrom("add", "add", "add", "remove", "forget"),
  member: memberOf,
  topic: topicOf,
});

/** Every member with every topic as text; matching is `String.startsWith`. */
class Oracle {
  readonly #held = new Map<number, Set<string>>();

  apply({ verb, member, topic }: { verb: string; member: number; topic: Uint8Array }): void {
    const held = this.#held.get(member) ?? new Set<string>();
    this.#held.set(member, held);
    if (verb === "add") held.add(topic.join(""));
    else if (verb === "remove") held.delete(topic.join(""));
    else held.clear();
  }

  matching(frame: Uint8Array): number[] {
    const text = frame.join("");
    return [...this.#held].filter(([, held]) => [...held].some((topic) => text.startsWith(topic))).map(([m]) => m)
      .sort();
  }

  count(member: number): number {
    return this.#held.get(member)?.size ?? 0;
  }
}

test("Subscriptions agrees with the oracle after any changes, and serves nobody twice", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 40 }),
      fc.array(fc.uint8Array({ maxLength: 5, max: 2 })),
      (all, frames) => {
        const index = new Subscriptions<number>();
        const oracle = new Oracle();
        for (const one of all) {
          if (one.verb === "add") index.add(one.member, one.topic);
          else if (one.verb === "remove") index.remove(one.member, one.topic);
          else index.forget(one.member);
          oracle.apply(one);
          assert.equal(index.count(one.member), oracle.count(one.member));
        }
        for (const frame of frames) {
          const served = index.matching(frame).flatMap((group) => [...group.members]);
          assert.deepEqual(served.sort(), oracle.matching(frame));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("Subscriptions tells each move between groups, so that who follows it ends in the right one", () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 40 }), (all) => {
    const index = new Subscriptions<number>();
    const followed = new Map<number, string>();
    for (const { verb, member, topic } of all) {
      if (verb === "forget") {
        index.forget(member);
        followed.delete(member);
        continue;
      }
      const { from, to } = verb === "add" ? index.add(member, topic) : index.remove(member, topic);
      assert.equal(from?.name, followed.get(member));
      if (to) followed.set(member, to.name);
      else followed.delete(member);
    }
    assert.equal(index.groupCount, new Set(followed.values()).size);
  }));
});

test("Subscriptions puts those who subscribe alike into one group, in whatever order they did", () => {
  const index = new Subscriptions<number>();
  const [a, b] = [new Uint8Array([1]), new Uint8Array([2])];
  for (let member = 0; member < 1000; member++) {
    index.add(member, member % 2 ? a : b);
    index.add(member, member % 2 ? b : a);
  }
  assert.equal(index.groupCount, 1);
  assert.equal(index.matching(new Uint8Array([1, 9])).length, 1);
});

test("Subscriptions keeps a copy of the topic, not the caller's bytes", () => {
  const index = new Subscriptions<number>();
  const topic = new Uint8Array([1]);
  index.add(0, topic);
  topic[0] = 2;
  assert.equal(index.matching(new Uint8Array([1])).length, 1);
});
