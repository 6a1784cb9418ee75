/** Tests of what all roles share. @module */
import assert from "node:assert/strict";
import { guarded } from "../../src/master/role.ts";
import { test } from "../kit/test.ts";
import { logTo } from "./kit.ts";

test("guarded() logs what one message makes a role throw, and the next is taken", () => {
  const lines: string[] = [];
  const seen: number[] = [];
  const receive = guarded(logTo(lines), (message: number) => {
    if (message === 1) throw new Error("one is too many");
    seen.push(message);
  });
  for (const message of [0, 1, 2]) receive(message);
  assert.deepEqual(seen, [0, 2]);
  assert.deepEqual(lines, ["Cannot handle a message: one is too many"]);
});
