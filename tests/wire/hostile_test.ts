/**
 * What a hostile peer may send to every reader: it gets a `ProtocolError` or, where the bytes happen to be a message,
 * that message; never another error and never a value that its type does not allow.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ProtocolError } from "../../src/core/errors.ts";
import { encode } from "../../src/wire/codec.ts";
import { MESSAGE_LIMITS } from "../../src/wire/limits.ts";
import { test } from "../kit/test.ts";
import { type Case, cases, unions } from "./samples.ts";

type Path = readonly (string | number)[];

/** Below these anything is allowed, or any key is. */
const FREE = new Set(["grains", "data", "named", "value"]);
const FREE_ITEMS = new Set(["arguments"]);
const FREE_KEYS = new Set(["unreachable", "places"]);
const OPTIONAL = new Set(["return.body", "run.jid", "job.returns.0.body", "delimiter"]);

function refuses(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array, what: string): void {
  assert.throws(() => read(bytes), ProtocolError, what);
}

/** Reads; any error but a `ProtocolError` fails the test. */
function survives(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    read(bytes);
  } catch (thrown) {
    assert.ok(thrown instanceof ProtocolError, `${String(thrown)} on ${Buffer.from(bytes).toString("hex")}`);
  }
}

function classOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  if (value instanceof Uint8Array) return "bytes";
  return typeof value;
}

function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  const last = path.at(-1);
  if (classOf(value) === "list") {
    if (!FREE_ITEMS.has(String(last))) {
      for (const index of (value as unknown[]).keys()) yield* pathsIn((value as unknown[])[index], [...path, index]);
    }
  } else if (classOf(value) === "object" && !FREE.has(String(last))) {
    for (const [key, item] of Object.entries(value as object)) yield* pathsIn(item, [...path, key]);
  }
}

/** A copy of `value` in which what is at `path` went through `change`. */
function changed(value: unknown, path: Path, change: (there: unknown) => unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item, index) => index === step ? changed(item, rest, change) : item);
  const entries = Object.entries(value as object).map(([key, item]) =>
    key === step ? [key, changed(item, rest, change)] as const : [key, item] as const
  );
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

const WRONG: readonly unknown[] = [
  null,
  true,
  -1,
  2 ** 60,
  "",
  "\0../../etc/passwd",
  "__proto__",
  [],
  [[]],
  {},
  { toString: 1, valueOf: 1 },
  { kind: "job", length: 3 },
  new Uint8Array(0),
  new Uint8Array(70_000),
];

function isOptional({ name }: Case, path: Path): boolean {
  const kind = name.slice(name.indexOf(".") + 1);
  return OPTIONAL.has([kind, ...path].join(".")) || OPTIONAL.has(String(path.at(-1)));
}

for (const sample of cases) {
  const { name, value, bytes, read } = sample;

  test(`T22: ${name} is refused when it is cut at any length or has bytes behind it`, () => {
    for (let length = 0; length < bytes.length; length++) refuses(read, bytes.slice(0, length), `${length} bytes`);
    refuses(read, new Uint8Array([...bytes, 0xc0]), "one byte more");
  });

  test(`T22: ${name} is refused when any field has the wrong type or is missing`, () => {
    for (const path of pathsIn(value)) {
      if (FREE.has(String(path.at(-1))) && path.at(-1) === "value") continue;
      for (const wrong of WRONG) {
        let there: unknown;
        const message = changed(value, path, (item) => (there = item, wrong));
        if (classOf(there) === classOf(wrong)) survives(read, encode(message));
        else refuses(read, encode(message), `${path.join(".")} = ${classOf(wrong)}`);
      }
      const isInMap = typeof path.at(-1) === "string" && !FREE_KEYS.has(String(path.at(-2)));
      if (isInMap && !isOptional(sample, path)) {
        refuses(read, encode(changed(value, path, () => undefined)), `${path.join(".")} is missing`);
      }
    }
  });

  test(`T5: ${name} is refused with a field more, whatever its name`, () => {
    for (const path of [[], ...pathsIn(value)]) {
      const last = String(path.at(-1));
      if (FREE.has(last) || FREE_KEYS.has(last)) continue;
      for (const extra of ["extra", "constructor", "prototype", "toString", "hasOwnProperty", "__proto__", ""]) {
        let isMap = false;
        const message = changed(value, path, (there) => {
          isMap = classOf(there) === "object";
          return isMap ? Object.fromEntries([...Object.entries(there as object), [extra, 1]]) : there;
        });
        if (isMap) refuses(read, encode(message), `${path.join(".")} with "${extra}"`);
      }
    }
  });

  test(`T22: ${name} with any byte changed gives a ProtocolError or a message`, () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const byte of [0x00, 0x80, 0x90, 0xc0, 0xc1, 0xc4, 0xc7, 0xcf, 0xd4, 0xdd, 0xdf, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = byte;
        survives(read, damaged);
      }
    }
  });
}

for (const { name, read, samples } of unions) {
  test(`T5: the reader of ${name} refuses every kind that is not in its table`, () => {
    const kinds = ["", "constructor", "__proto__", "toString", "hasOwnProperty", "Ready", "ready\0", "\u001b[2J"];
    const other: unknown[] = [null, 0, true, [], ["ready"], {}, { toString: null }, { toString: 1, valueOf: 1 }];
    for (const kind of [...kinds, ...other]) {
      assert.throws(() => read(encode({ kind, id: "web01" })), (thrown) => {
        assert.ok(thrown instanceof ProtocolError, String(thrown));
        // deno-lint-ignore no-control-regex -- exactly those must not come through
        assert.doesNotMatch(thrown.message, /[\u0000-\u001f\u007f-\u009f]/);
        return true;
      });
    }
    for (const whole of [null, 0, "ready", [], [{ kind: "ready" }], {}, new Uint8Array(9)]) {
      refuses(read, encode(whole), classOf(whole));
    }
  });

  test(`T22: the reader of ${name} judges the size before it looks at anything`, () => {
    assert.throws(() => read(new Uint8Array(MESSAGE_LIMITS.maxBytes + 1)), /bytes, limit/);
  });

  test(`T22: the reader of ${name} gives nothing but a ProtocolError on random bytes and random values`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => survives(read, bytes)), { numRuns: 500 });
    const kinds = fc.constantFrom(...Object.keys(samples));
    const fields = fc.constantFrom("id", "jid", "jids", "request", "target", "data", "events", "value", "grains");
    fc.assert(
      fc.property(
        kinds,
        fc.dictionary(fields, fc.jsonValue()),
        (kind, rest) => survives(read, encode({ kind, ...rest })),
      ),
      { numRuns: 300 },
    );
  });
}
