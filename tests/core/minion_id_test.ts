import assert from "node:assert/strict";
import { dirname, join, resolve } from "node:path";
import { ProtocolError } from "../../src/core/errors.ts";
import { isMinionId, parseMinionId } from "../../src/core/minion_id.ts";
import { beneath } from "../../src/runtime/files.ts";
import { test } from "../kit/test.ts";
import { Scratch } from "./scratch.ts";

/** The rule once more, by hand, so that a slip in the pattern is seen. */
function isGood(text: string): boolean {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (text.length < 1 || text.length > 128) return false;
  return [...text].every((char, index) => (letters + (index === 0 ? "" : "._-")).includes(char));
}

test("parseMinionId() takes what the pattern allows", () => {
  for (const id of ["a", "0", "web01.example.org", "A_b-C.9", "x".repeat(128), "a..b", "constructor", "a."]) {
    assert.equal(parseMinionId(id), id);
  }
});

test("T2: parseMinionId() refuses everything else", () => {
  const bad = [
    "",
    ".",
    "..",
    "...",
    "-a",
    "_a",
    ".hidden",
    "a/b",
    "a\\b",
    "/etc/passwd",
    "../x",
    "a\0",
    "\0",
    "a\n",
    "\na",
  ];
  const more = [
    "a b",
    " a",
    "a ",
    "ä",
    "а",
    "a\u200b",
    "ａ",
    "x".repeat(129),
    "a:b",
    "a*",
    "a%2f",
    "~",
    "a\r",
    "\u{1f600}",
  ];
  for (const id of [...bad, ...more]) {
    assert.throws(() => parseMinionId(id), ProtocolError, JSON.stringify(id));
    assert.equal(isMinionId(id), false);
  }
});

test("T2: of 10^5 fuzzed ids none is accepted that the rule forbids, and none leads out of its directory", () => {
  using scratch = new Scratch();
  const root = resolve(scratch.path, "minions");
  const parts = [
    "..",
    "/",
    "\\",
    "\0",
    "a",
    "web01",
    ".",
    "-",
    "_",
    "%2e",
    "\n",
    "ä",
    "\u202e",
    "\ud800",
    "C:",
    "~",
    "0",
    "",
  ];
  let seed = 20_261_123; // the same ids every time
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let accepted = 0;
  for (let round = 0; round < 100_000; round++) {
    let id = "";
    for (let length = 1 + next(5); length > 0; length--) {
      const kind = next(10);
      if (kind < 6) id += parts[next(parts.length)] ?? "";
      else id += String.fromCharCode(kind === 9 ? next(65_536) : next(128));
    }
    const isAccepted = isMinionId(id);
    if (isAccepted !== isGood(id)) assert.fail(`${JSON.stringify(id)} is ${isAccepted ? "accepted" : "refused"}`);
    if (!isAccepted) continue;
    accepted++;
    if (dirname(join(root, id)) !== root) assert.fail(JSON.stringify(id));
    if (accepted % 20 === 0) assert.equal(beneath(root, id), join(root, id));
  }
  assert.ok(accepted > 1_000, `only ${accepted} were accepted: the fuzzing has become useless`);
});

test("parseMinionId() never repeats hostile text as it came", () => {
  for (const id of ["\u001b[2J", "a\u009b31m", "x\u202egnp.exe", "line\nbreak", "\u2028", "y".repeat(10_000)]) {
    assert.throws(() => parseMinionId(id), (thrown) => {
      assert.ok(thrown instanceof ProtocolError);
      assert.doesNotMatch(thrown.message, /[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
      assert.ok(thrown.message.length < 250);
      return true;
    });
  }
});
