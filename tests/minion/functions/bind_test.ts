import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../../src/core/errors.ts";
import { bindArguments } from "../../../src/minion/functions/bind.ts";
import {
  defineFunction,
  type FunctionDefinition,
  type Parameter,
  succeed,
} from "../../../src/minion/functions/function.ts";
import { builtinFunctions } from "../../../src/minion/functions/index.ts";
import { test } from "../../kit/test.ts";

const cmdRun = builtinFunctions().get("cmd.run");
const sleep = builtinFunctions().get("test.sleep");
const testArg = builtinFunctions().get("test.arg");

function functionOf(...parameters: Parameter[]): FunctionDefinition {
  const about = { name: "x.y", summary: "", example: "", changesThings: false };
  return defineFunction({ ...about, parameters, run: () => succeed(null) });
}

function oneOf(type: Parameter["type"]): FunctionDefinition {
  return functionOf({ name: "value", type, description: "" });
}

test("bindArguments() leaves an undeclared key=value alone: FOO=bar make is a command", () => {
  assert.equal(bindArguments(cmdRun, ["FOO=bar make"], {})["command"], "FOO=bar make");
});

test("bindArguments() takes key=value as named when the function declares the key", () => {
  const bound = bindArguments(cmdRun, ["make", "cwd=/src", "timeout=2m"], {});
  assert.deepEqual([bound["command"], bound["cwd"], bound["timeout"]], ["make", "/src", 120]);
});

test("bindArguments() lets a word that looks named be given by name", () => {
  assert.equal(bindArguments(cmdRun, ["command=cwd=/tmp make"], {})["command"], "cwd=/tmp make");
});

test("bindArguments() never guesses: true, 1.0, null and dates stay the words that were typed", () => {
  for (const word of ["true", "no", "1.0", "0x10", "null", "~", "2026-01-01", "[a]", "{}", "- x", "a: b", ""]) {
    assert.equal(bindArguments(cmdRun, [word], {})["command"], word);
    assert.deepEqual(bindArguments(testArg, [word], {})["words"], [word]);
  }
});

test("bindArguments() fills in defaults, and reads nothing from a prototype (T5)", () => {
  const bound = bindArguments(cmdRun, ["ls"], {});
  assert.equal(bound["shell"], "/bin/sh");
  assert.equal(bound["cwd"], undefined);
  assert.equal(bound["constructor"], undefined);
  assert.equal(bound["toString"], undefined);
});

test("bindArguments() collects maps and lists from JSON and from repeated words", () => {
  assert.deepEqual(bindArguments(cmdRun, ["ls", "env=A=1", 'env={"B":"2","C":3}', "env=D=x=y"], {})["env"], {
    A: "1",
    B: "2",
    C: 3,
    D: "x=y",
  });
  assert.deepEqual(bindArguments(oneOf("list"), ["value=a", 'value=["b", 3]'], {})["value"], ["a", "b", 3]);
});

test("bindArguments() keeps a key __proto__ a plain key", () => {
  const env = bindArguments(cmdRun, ["ls", 'env={"__proto__":{"polluted":1}}'], {})["env"] as object;
  assert.ok(Object.hasOwn(env, "__proto__"));
  assert.equal(Reflect.get(Object.create(null), "polluted"), undefined);
  assert.equal(Reflect.get({}, "polluted"), undefined);
  assert.equal(Object.getPrototypeOf(env), Object.prototype);
});

test("bindArguments() gives the other words and names to the rest parameters", () => {
  assert.deepEqual({ ...bindArguments(testArg, ["a", "b=1", 3], { c: [1] }) }, {
    words: ["a", 3],
    named: { b: "1", c: [1] },
  });
});

const CONVERSIONS: { type: Parameter["type"]; given: unknown; want: unknown }[] = [
  { type: "string", given: "5", want: "5" },
  { type: "number", given: "1.5", want: 1.5 },
  { type: "number", given: "-2e3", want: -2000 },
  { type: "number", given: 7, want: 7 },
  { type: "integer", given: "-12", want: -12 },
  { type: "integer", given: 3n, want: 3 },
  { type: "boolean", given: "Yes", want: true },
  { type: "boolean", given: "off", want: false },
  { type: "boolean", given: false, want: false },
  { type: "seconds", given: "90", want: 90 },
  { type: "seconds", given: "1.5", want: 1.5 },
  { type: "seconds", given: "2m", want: 120 },
  { type: "seconds", given: "1h", want: 3600 },
  { type: "seconds", given: 0.25, want: 0.25 },
  { type: "bytes", given: "ü", want: new Uint8Array([0xc3, 0xbc]) },
  { type: "bytes", given: new Uint8Array([1]), want: new Uint8Array([1]) },
  { type: "map", given: { a: 1 }, want: { a: 1 } },
  { type: "list", given: [1, "a"], want: [1, "a"] },
  { type: "any", given: null, want: null },
];
for (const { type, given, want } of CONVERSIONS) {
  test(`bindArguments() takes ${JSON.stringify(given, (_, v) => typeof v === "bigint" ? `${v}n` : v)} as ${type}`, () => {
    assert.deepEqual(bindArguments(oneOf(type), [given], {})["value"], want);
    assert.deepEqual(bindArguments(oneOf(type), [], { value: given })["value"], want);
  });
}

const REFUSALS: { of: FunctionDefinition; words?: unknown[]; named?: Record<string, unknown>; want: string }[] = [
  {
    of: cmdRun,
    words: ["a", "timeout=abc"],
    want: 'Cannot call cmd.run: parameter "timeout" takes seconds, got "abc"',
  },
  { of: cmdRun, want: 'Cannot call cmd.run: parameter "command" is missing' },
  { of: cmdRun, words: ["a", "cwd=/", "cwd=/x"], want: 'Cannot call cmd.run: parameter "cwd" is given twice' },
  {
    of: cmdRun,
    words: ["a", "cwd=/"],
    named: { cwd: "/" },
    want: 'Cannot call cmd.run: parameter "cwd" is given twice',
  },
  { of: cmdRun, words: ["a", "command=b"], want: 'Cannot call cmd.run: parameter "command" is given twice' },
  {
    of: cmdRun,
    words: ["ls", "-l"],
    want:
      'Cannot call cmd.run: it takes 1 argument, got 2 ("-l" is one too many; put quotes around what belongs together)',
  },
  {
    of: cmdRun,
    words: ["ls", "tiemout=5"],
    want: 'Cannot call cmd.run: it has no parameter "tiemout" (did you mean "timeout"?)',
  },
  { of: cmdRun, words: ["a"], named: { zzz: 1 }, want: 'Cannot call cmd.run: it has no parameter "zzz"' },
  {
    of: cmdRun,
    words: ["a"],
    named: { constructor: 1 },
    want: 'Cannot call cmd.run: it has no parameter "constructor"',
  },
  {
    of: cmdRun,
    words: ["a", "env=novalue"],
    want: 'Cannot call cmd.run: parameter "env" takes a map, as JSON or as KEY=VALUE, got "novalue"',
  },
  { of: functionOf(), words: ["a"], want: 'Cannot call x.y: it takes no arguments, got 1 ("a" is one too many)' },
  { of: sleep, words: ["-1"], want: 'Cannot call test.sleep: parameter "seconds" takes seconds, got "-1"' },
  { of: sleep, words: [Infinity], want: 'Cannot call test.sleep: parameter "seconds" takes seconds, got null' },
  { of: testArg, words: ["a=1", "a=2"], want: 'Cannot call test.arg: parameter "a" is given twice' },
  { of: oneOf("string"), words: [5], want: 'Cannot call x.y: parameter "value" takes text, got 5' },
  { of: oneOf("string"), words: [true], want: 'Cannot call x.y: parameter "value" takes text, got true' },
  { of: oneOf("integer"), words: ["1.5"], want: 'Cannot call x.y: parameter "value" takes a whole number, got "1.5"' },
  { of: oneOf("number"), words: ["0x10"], want: 'Cannot call x.y: parameter "value" takes a number, got "0x10"' },
  { of: oneOf("boolean"), words: ["1"], want: 'Cannot call x.y: parameter "value" takes true or false, got "1"' },
  {
    of: oneOf("map"),
    words: ["{x"],
    want: 'Cannot call x.y: parameter "value" takes a map, as JSON or as KEY=VALUE, got "{x"',
  },
  { of: oneOf("list"), words: [5], want: 'Cannot call x.y: parameter "value" takes a list, as JSON, got 5' },
];
for (const { of, words = [], named = {}, want } of REFUSALS) {
  test(`bindArguments() refuses: ${want}`, () => {
    assert.throws(() => bindArguments(of, words, named), (thrown) => {
      assert.ok(thrown instanceof UsageError);
      assert.equal(thrown.message, want);
      return true;
    });
  });
}

test("bindArguments() hands any text to a text parameter unchanged, by place and by name", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (raw) => {
    const declared = cmdRun.parameters.some(({ name }) => raw.startsWith(`${name}=`));
    fc.pre(!declared);
    assert.equal(bindArguments(cmdRun, [raw], {})["command"], raw);
    assert.equal(bindArguments(cmdRun, [`command=${raw}`], {})["command"], raw);
    assert.equal(bindArguments(cmdRun, [], { command: raw })["command"], raw);
  }));
});

test("bindArguments() binds or throws a UsageError, whatever comes", () => {
  const definitions = builtinFunctions().under();
  fc.assert(
    fc.property(
      fc.constantFrom(...definitions),
      fc.array(fc.anything()),
      fc.dictionary(fc.string(), fc.anything()),
      (definition, words, named) => {
        try {
          const bound = bindArguments(definition, words, named);
          assert.deepEqual(Object.keys(bound).sort(), definition.parameters.map(({ name }) => name).sort());
        } catch (thrown) {
          assert.ok(thrown instanceof UsageError, String(thrown));
          assert.ok(thrown.message.startsWith(`Cannot call ${definition.name}: `));
        }
      },
    ),
    { numRuns: 500 },
  );
});
