import assert from "node:assert/strict";
import { ProtocolError, reasonOf, RefusedError, UnreachableError, UsageError } from "../../src/core/errors.ts";
import { test } from "../kit/test.ts";

test("every error bears its name and keeps its cause", () => {
  const cause = new Error("why");
  for (const Kind of [ProtocolError, UsageError, RefusedError, UnreachableError]) {
    const error = new Kind("Cannot do it", { cause });
    assert.equal(String(error), `${Kind.name}: Cannot do it`);
    assert.equal(error.cause, cause);
    assert.ok(error instanceof Error && error instanceof Kind);
  }
});

test("reasonOf() has words for whatever was thrown", () => {
  const table: readonly (readonly [unknown, string])[] = [
    [new Error("x"), "x"],
    ["text", "text"],
    [undefined, "undefined"],
    [null, "null"],
    [7, "7"],
    [Symbol("s"), "Symbol(s)"],
    [Object.create(null), "[object Object]"],
    [{ toString: 1, valueOf: 1 }, "[object Object]"],
  ];
  for (const [thrown, want] of table) assert.equal(reasonOf(thrown), want);
});
