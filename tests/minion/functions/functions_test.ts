import assert from "node:assert/strict";
import { builtinFunctions } from "../../../src/minion/functions/index.ts";
import { test } from "../../kit/test.ts";
import { call, GRAINS } from "./context.ts";

const CALLS: { name: string; words?: unknown[]; named?: Record<string, unknown>; want: unknown; retcode?: number }[] = [
  { name: "test.ping", want: true },
  { name: "test.true", want: true },
  { name: "test.false", want: false },
  { name: "test.echo", words: ["true"], want: "true" },
  { name: "test.echo", words: [{ a: [1] }], want: { a: [1] } },
  {
    name: "test.arg",
    words: ["a", "b=c", "d e"],
    named: { f: 1 },
    want: { words: ["a", "d e"], named: { b: "c", f: 1 } },
  },
  { name: "test.version", want: "1.2.3" },
  { name: "test.sleep", words: ["0"], want: true },
  { name: "test.fail", want: "failed on request", retcode: 1 },
  { name: "test.fail", words: ["7", "why"], want: "why", retcode: 7 },
  { name: "grains.items", want: GRAINS },
  { name: "grains.ls", want: ["disks", "locale_info", "os", "roles"] },
  {
    name: "grains.item",
    words: ["os", "nope", "locale_info:timezone"],
    want: { os: "Debian", nope: "", "locale_info:timezone": "UTC" },
  },
  { name: "grains.get", words: ["os"], want: "Debian" },
  { name: "grains.get", words: ["locale_info:timezone"], want: "UTC" },
  { name: "grains.get", words: ["locale_info/timezone", "/"], want: "UTC" },
  { name: "grains.get", words: ["roles:1"], want: "db" },
  { name: "grains.get", words: ["disks:0:name"], want: "sda" },
  { name: "grains.get", words: ["nope"], want: "" },
  { name: "grains.get", words: ["nope", "default=x"], want: "x" },
  { name: "grains.get", words: ["constructor"], want: "" },
  { name: "grains.get", words: ["roles:length"], want: "" },
  { name: "sys.list_modules", want: ["cmd", "grains", "sys", "test"] },
  { name: "sys.list_functions", want: builtinFunctions().names() },
  { name: "sys.list_functions", words: ["grains"], want: ["grains.get", "grains.item", "grains.items", "grains.ls"] },
  {
    name: "sys.argspec",
    words: ["test.sleep"],
    want: {
      "test.sleep": [{
        name: "seconds",
        type: "seconds",
        required: true,
        rest: false,
        namedOnly: false,
        default: null,
        description: "how long, such as 0.5 or 2m",
      }],
    },
  },
  {
    name: "sys.doc",
    words: ["test.fail"],
    want: {
      "test.fail": [
        "test.fail [RETCODE] [MESSAGE]",
        "",
        "Fails, to see what a failure looks like.",
        "",
        "  retcode (integer, default 1): the return code",
        '  message (string, default "failed on request"): the answer',
        "",
        "Example: brine run '*' test.fail 3 'no such luck'",
      ].join("\n"),
    },
  },
  {
    name: "sys.doc",
    words: ["cmd.rum"],
    want: 'Cannot run "cmd.rum": no such function (did you mean "cmd.run"?)',
    retcode: 254,
  },
];
for (const { name, words = [], named = {}, want, retcode = 0 } of CALLS) {
  test(`${name} ${JSON.stringify(words)} answers ${JSON.stringify(want).slice(0, 60)}`, async () => {
    const outcome = await call(name, words, { named });
    assert.deepEqual([outcome.return, outcome.retcode], [want, retcode]);
    assert.equal(outcome.success, retcode === 0);
  });
}

test("sys.doc without a prefix documents every function", async () => {
  const { return: documented } = await call("sys.doc");
  assert.deepEqual(Object.keys(documented as object).sort(), builtinFunctions().names());
});
