/** Tests of writes that are committed together. @module */
import assert from "node:assert/strict";
import { GroupCommit } from "../../src/master/group_commit.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { logTo } from "./kit.ts";

test("GroupCommit commits what comes in one turn together, and tells each after that", async () => {
  const commits: string[][] = [];
  let now: string[] = [];
  const commit = new GroupCommit((work) => {
    now = [];
    work();
    commits.push(now);
  }, logTo([]));
  const told: string[] = [];
  for (const name of ["a", "b", "c"]) {
    commit.add(() => {
      now.push(name);
      return () => void told.push(`${name} after ${commits.length}`);
    });
  }
  await until("the commit", () => told.length === 3);
  assert.deepEqual(commits, [["a", "b", "c"]]);
  assert.deepEqual(told, ["a after 1", "b after 1", "c after 1"]);
  commit[Symbol.dispose]();
});

test("GroupCommit lets a write that fails, or cannot be told, harm no other", () => {
  const lines: string[] = [];
  const commit = new GroupCommit((work) => work(), logTo(lines));
  const told: string[] = [];
  const fail = (text: string): never => {
    throw new Error(text);
  };
  commit.add(() => () => void told.push("a"));
  commit.add(() => fail("no room"));
  commit.add(() => () => fail("nobody there"));
  commit.add(() => () => void told.push("b"));
  commit.flush();
  assert.deepEqual(told, ["a", "b"]);
  assert.deepEqual(lines, [
    "Cannot store 4 messages: no room",
    "Cannot store 1 messages: no room",
    "Cannot tell what was stored: nobody there",
  ]);
});
