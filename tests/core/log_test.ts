import assert from "node:assert/strict";
import fc from "fast-check";
import { formatLogRecord, LOG_LEVELS, type LogRecord, logTo } from "../../src/core/log.ts";
import { printable } from "../../src/core/printable.ts";
import { test } from "../kit/test.ts";

const at = Date.UTC(2026, 10, 23, 7, 18, 33, 123);
const record = (text: string): LogRecord => ({ at, level: "warning", source: "MWorkerQueue", text });

test("formatLogRecord() writes time, level, source and text on one line", () => {
  assert.equal(formatLogRecord(record("it rains")), "2026-11-23 07:18:33.123 warning MWorkerQueue: it rains");
  assert.equal(formatLogRecord({ ...record("x"), level: "info" }), "2026-11-23 07:18:33.123 info    MWorkerQueue: x");
});

test("formatLogRecord() leaves ordinary text of any language alone", () => {
  for (const text of ["grüße", "日本語", "emoji \u{1f600}", "C:\\dir", 'a "quoted" word']) {
    assert.ok(formatLogRecord(record(text)).endsWith(`: ${text}`));
  }
});

test("T9: formatLogRecord() lets nobody forge a line or drive the terminal", () => {
  const hostile = [
    "\n2026-11-23 07:18:33.123 info    MWorker-0: forged",
    "\r\nforged",
    "\u001b[2J\u001b]0;title\u0007",
    "\u009b31m", // CSI in one character
    "\u0085forged", // next line
    "\u2028forged\u2029forged",
    "\u202egnp.exe", // right to left
    "\u2066\u200f",
    "back\b\b\bspace\u007f",
    "\0",
  ];
  for (const text of hostile) {
    for (const line of [formatLogRecord(record(text)), formatLogRecord({ ...record("x"), source: text })]) {
      assert.doesNotMatch(line, /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
      assert.equal(line.split(/\r|\n|\u0085|\u2028|\u2029/).length, 1);
    }
  }
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(formatLogRecord(record(text)), /[\p{Cc}\p{Zl}\p{Zp}]/u);
  }));
});

test("printable() spells out what it takes away", () => {
  assert.equal(printable("a\u001b[0m\n\u202eb"), "a\\u001b[0m\\u000a\\u202eb");
});

test("logTo() stamps records and leaves out what is below its level", () => {
  for (const [index, least] of LOG_LEVELS.entries()) {
    const records: LogRecord[] = [];
    const log = logTo((written) => void records.push(written), { source: "test", least: () => least, now: () => at });
    for (const level of LOG_LEVELS) log[level](`a ${level}`);
    const want = LOG_LEVELS.slice(index).map((level) => ({ at, level, source: "test", text: `a ${level}` }));
    assert.deepEqual(records, want);
  }
});
