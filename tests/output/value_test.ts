import assert from "node:assert/strict";
import { formatAge } from "../../src/output/age.ts";
import { formatDuration } from "../../src/output/duration.ts";
import { formatJson, toJson } from "../../src/output/json.ts";
import { PLAIN } from "../../src/output/style.ts";
import { formatTable, truncate } from "../../src/output/table.ts";
import { escapeControls, escapeToLine } from "../../src/output/terminal.ts";
import { formatValue } from "../../src/output/value.ts";
import { test } from "../kit/test.ts";

test("formatValue() prints scalars, maps, lists and bytes", () => {
  const cases: { value: unknown; want: string[] }[] = [
    { value: "ok", want: ["ok"] },
    { value: "", want: [] },
    { value: "a\n  b\n", want: ["a", "  b"] },
    { value: true, want: ["true"] },
    { value: null, want: ["null"] },
    { value: undefined, want: ["null"] },
    { value: 1.5, want: ["1.5"] },
    { value: 2n ** 64n, want: ["18446744073709551616"] },
    { value: [], want: ["[]"] },
    { value: {}, want: ["{}"] },
    { value: new Uint8Array(3), want: ["<3 bytes of binary data>"] },
    { value: [1, "x\ny", []], want: ["- 1", "- x", "  y", "- []"] },
    { value: { a: 1, b: { c: "d" }, e: "f\ng", h: "" }, want: ["a: 1", "b:", "  c: d", "e:", "  f", "  g", "h:"] },
    { value: [{ a: 1, b: 2 }, [1, 2]], want: ["- a: 1", "  b: 2", "- - 1", "  - 2"] },
    { value: new Map([["k", [1]]]), want: ["k:", "  - 1"] },
    { value: JSON.parse('{"__proto__": 1}'), want: ["__proto__: 1"] },
  ];
  for (const { value, want } of cases) assert.deepEqual(formatValue(value), want);
});

test("formatValue() spells control characters out unless told to keep them", () => {
  assert.deepEqual(formatValue({ "k\x1b\n": "a\x9b\tb\r\nc" }), ["k\\x1b\\n:", "  a\\x9b\tb", "  c"]);
  assert.deepEqual(formatValue("a\x1b\r\n", { keepControls: true }), ["a\x1b\r"]);
});

test("escapeControls() leaves nothing that a terminal obeys", () => {
  assert.equal(
    escapeControls("\x1b[2J\x07\0\x7f\x9b1m\u202e ok\tü\u{1f600}\n"),
    "\\x1b[2J\\x07\\x00\\x7f\\x9b1m\\u202e ok\tü\u{1f600}\n",
  );
  assert.equal(escapeControls("a\r\nb\rc"), "a\nb\\rc");
  assert.equal(escapeToLine("a\nb\tc"), "a\\nb\\tc");
});

test("toJson() turns what msgpack knows and JSON does not into JSON", () => {
  const cases: { value: unknown; want: unknown }[] = [
    { value: new Uint8Array([104, 105]), want: { base64: "aGk=" } },
    { value: 12n, want: 12 },
    { value: 2n ** 60n, want: "1152921504606846976" },
    { value: Number.NaN, want: null },
    { value: -Infinity, want: null },
    { value: undefined, want: null },
    { value: [undefined, { a: 1n }], want: [null, { a: 1 }] },
    { value: new Map<unknown, unknown>([[1, "x"]]), want: { 1: "x" } },
    { value: new Date(0), want: "1970-01-01T00:00:00.000Z" },
    { value: new Date(Number.NaN), want: null },
  ];
  for (const { value, want } of cases) assert.deepEqual(toJson(value), want);
  assert.equal(formatJson(new Uint8Array(100_000)).length, 133_336 + '{"base64":""}'.length);
});

test("formatJson() keeps the key __proto__ a key and escapes what a terminal obeys", () => {
  assert.equal(formatJson(JSON.parse('{"__proto__": {"x": 1}}')), '{"__proto__":{"x":1}}');
  assert.equal(formatJson("\x1b\x9b\x7f"), '"\\u001b\\u009b\\u007f"');
  assert.equal(JSON.parse(formatJson("\x1b\x9b\u202e")), "\x1b\x9b\u202e");
});

test("formatDuration() names the largest unit and the next", () => {
  const cases = [
    [0, "0 ms"],
    [12.4, "12 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [1300, "1.3 s"],
    [59_940, "59.9 s"],
    [59_960, "1 min"],
    [125_000, "2 min 5 s"],
    [3_599_600, "1 h"],
    [3_660_000, "1 h 1 min"],
    [86_400_000, "1 d"],
    [97_200_000, "1 d 3 h"],
    [-5, "0 ms"],
    [Number.NaN, "0 ms"],
  ] as const;
  for (const [ms, want] of cases) assert.equal(formatDuration(ms), want);
});

test("formatAge() counts from then to now", () => {
  const cases = [[500, "just now"], [-9000, "just now"], [5900, "5 s ago"], [125_000, "2 min 5 s ago"]] as const;
  for (const [ms, want] of cases) assert.equal(formatAge(1_000_000 - ms, 1_000_000), want);
  assert.equal(formatAge(Number.NaN, 0), "just now");
});

test("formatTable() aligns columns and leaves no blanks at line ends", () => {
  const columns = [{ title: "minion" }, { title: "jobs", align: "right" }, { title: "state" }] as const;
  const rows = [["web01", "5", { text: "up", tone: "success" }], ["db\x1b", "1200", ""], ["é"]] as const;
  assert.equal(
    formatTable(columns, rows, PLAIN),
    ["MINION  JOBS  STATE", "web01      5  up", "db\\x1b  1200", "é"].join("\n"),
  );
  const painted = formatTable(columns, rows, { colour: true, width: 80 });
  assert.ok(painted.includes("\x1b[32mup\x1b[0m"));
  assert.equal(formatTable(columns, [], PLAIN), "MINION  JOBS  STATE");
});

test("truncate() cuts at characters and marks the cut", () => {
  assert.equal(truncate("abcdef", 4), "abc…");
  assert.equal(truncate("abcd", 4), "abcd");
  assert.equal(truncate("\u{1f600}\u{1f600}\u{1f600}", 2), "\u{1f600}…");
});
