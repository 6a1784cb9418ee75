/**
 * The bytes of every message, kept in `golden/*.hex`. A file that has to change is a change of the protocol: raise
 * `WIRE_VERSION` in `src/wire/version.ts` and add a dated line to its history. A new kind needs a new file only.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { FROM_MINION_KINDS } from "../../src/wire/minion_messages.ts";
import { FROM_OPERATOR_KINDS } from "../../src/wire/operator_messages.ts";
import { test } from "../kit/test.ts";
import { cases, fromMinion, fromOperator, replySamples } from "./samples.ts";

const folder = new URL("./golden/", import.meta.url);

/** Hexadecimal in lines that a person can compare. */
function hexOf(bytes: Uint8Array): string {
  return (Buffer.from(bytes).toString("hex").match(/.{1,64}/g) ?? []).join("\n") + "\n";
}

function golden(name: string, bytes: Uint8Array): Uint8Array {
  const url = new URL(`${name}.hex`, folder);
  if (!existsSync(url)) {
    throw new Error(`There is no tests/wire/golden/${name}.hex; if the bytes are right, add it:\n${hexOf(bytes)}`);
  }
  return new Uint8Array(Buffer.from(readFileSync(url, "utf8").replace(/\s+/g, ""), "hex"));
}

for (const { name, value, bytes, read } of cases) {
  test(`the bytes of ${name} are those of its golden file, and are read back`, () => {
    const expected = golden(name, bytes);
    assert.equal(hexOf(bytes), hexOf(expected), "a protocol change: see the top of this file");
    assert.deepEqual(plain(read(expected)), plain(value));
  });
}

/** Bytes as one class of bytes, so that only their content is compared. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

test("every golden file belongs to a message, and every kind has one", () => {
  const files = readdirSync(folder).map((file) => file.replace(/\.hex$/, "")).sort();
  assert.deepEqual(files, cases.map(({ name }) => name).sort());
  assert.deepEqual(Object.keys(fromMinion).sort(), [...FROM_MINION_KINDS].sort());
  assert.deepEqual(Object.keys(fromOperator).sort(), [...FROM_OPERATOR_KINDS].sort());
  assert.deepEqual(Object.keys(replySamples).sort(), [...FROM_OPERATOR_KINDS].sort());
});
