import assert from "node:assert/strict";
import { EXIT, exitCodeOf } from "../../src/cli/exit_codes.ts";
import { exitCodeOfRun } from "../../src/cli/follow.ts";
import { ProtocolError, RefusedError, UnreachableError, UsageError } from "../../src/core/errors.ts";
import { test } from "../kit/test.ts";
import { answer, run } from "../output/summary.ts";

test("EXIT is the contract", () => {
  assert.deepEqual(EXIT, { ok: 0, failed: 1, usage: 2, missing: 3, refused: 4, noMaster: 5, interrupted: 130 });
});

test("exitCodeOfRun() puts silence above failure above success", () => {
  assert.equal(exitCodeOfRun(run({ a: answer("ok"), b: answer("ok") })), EXIT.ok);
  assert.equal(exitCodeOfRun(run({ a: answer("ok"), b: answer("no", 2) })), EXIT.failed);
  assert.equal(exitCodeOfRun(run({ a: { ...answer("no"), success: false } })), EXIT.failed);
  assert.equal(exitCodeOfRun(run({ a: answer("no", 2) }, { b: "unreachable" })), EXIT.missing);
  assert.equal(exitCodeOfRun(run({}, { b: "unreachable" })), EXIT.missing);
});

test("exitCodeOf() reads the class of what was thrown", () => {
  assert.equal(exitCodeOf(new UsageError("x")), EXIT.usage);
  assert.equal(exitCodeOf(new RefusedError("x")), EXIT.refused);
  assert.equal(exitCodeOf(new UnreachableError("x")), EXIT.noMaster);
  for (const thrown of [new Error("x"), new ProtocolError("x"), "text", undefined]) {
    assert.equal(exitCodeOf(thrown), EXIT.failed);
  }
});
