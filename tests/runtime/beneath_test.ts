import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import fc from "fast-check";
import { beneath } from "../../src/runtime/files.ts";
import { Scratch } from "../core/scratch.ts";
import { test } from "../kit/test.ts";

test("T6: beneath() gives the path of names that stay inside", () => {
  using scratch = new Scratch();
  mkdirSync(scratch.at("root", "dir"), { recursive: true });
  const root = scratch.at("root");
  const table = {
    "a": "a",
    "dir/file": "dir/file",
    "no/such/dir": "no/such/dir",
    "dir/../b": "b",
    "./a": "a",
    "dir/": "dir",
  };
  for (
    const [name, want] of Object.entries({ ...table, "..a": "..a", "...": "...", ".hidden": ".hidden", "a..": "a.." })
  ) {
    assert.equal(beneath(root, name), resolve(root, want), name);
    assert.equal(beneath(`${root}/`, name), resolve(root, want), name);
  }
});

test("T6: beneath() refuses every name that leads outside, is absolute or is none", () => {
  using scratch = new Scratch();
  mkdirSync(scratch.at("root"));
  mkdirSync(scratch.at("root-twin"));
  const bad = ["", ".", "..", "../root-twin/x", "../root", "a/../..", "a/../../root-twin", "./..", "a/.."];
  for (
    const name of [...bad, "/", "/etc/passwd", scratch.at("root", "a"), "a\0", "\0", "a/\0/b", "../../../../etc/passwd"]
  ) {
    assert.throws(() => beneath(scratch.at("root"), name), /^Error: Cannot use path /, JSON.stringify(name));
  }
});

test("T6: beneath() refuses symbolic links at every place of a path, wherever they lead", () => {
  using scratch = new Scratch();
  const root = scratch.at("root");
  mkdirSync(scratch.at("root", "dir", "deep"), { recursive: true });
  mkdirSync(scratch.at("outside"));
  writeFileSync(scratch.at("outside", "secret"), "");
  symlinkSync(scratch.at("outside"), scratch.at("root", "out"));
  symlinkSync("deep", scratch.at("root", "dir", "in"));
  symlinkSync("/nowhere/at/all", scratch.at("root", "dangling"));
  symlinkSync(scratch.at("outside", "secret"), scratch.at("root", "dir", "deep", "file"));
  for (
    const name of ["out", "out/secret", "out/new", "dir/in", "dir/in/x", "dangling", "dangling/x", "dir/deep/file"]
  ) {
    assert.throws(() => beneath(root, name), /a symbolic link stands in the way/, name);
  }
  assert.equal(beneath(root, "dir/deep/other"), resolve(root, "dir/deep/other"));
});

test("T6: beneath() works under a root that is itself reached by a link", () => {
  using scratch = new Scratch();
  mkdirSync(scratch.at("real"));
  symlinkSync(scratch.at("real"), scratch.at("root"));
  assert.equal(beneath(scratch.at("root"), "a/b"), scratch.at("root", "a", "b"));
});

test("T6: whatever the name, beneath() gives a path inside or refuses", () => {
  using scratch = new Scratch();
  const root = scratch.at("root");
  mkdirSync(scratch.at("root", "a", "b"), { recursive: true });
  symlinkSync(scratch.path, scratch.at("root", "a", "up"));
  const piece = fc.constantFrom(
    "..",
    ".",
    "/",
    "//",
    "a",
    "b",
    "up",
    "\0",
    "\\",
    "..\\",
    "%2e%2e",
    "\n",
    "ä",
    "~",
    "C:",
  );
  const name = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("/")),
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  fc.assert(
    fc.property(name, (text) => {
      let path: string;
      try {
        path = beneath(root, text);
      } catch (thrown) {
        return assert.match(String(thrown), /^Error: Cannot use path /);
      }
      const inside = relative(root, path);
      assert.ok(inside !== "" && inside.split(sep)[0] !== ".." && path.startsWith(root + sep), path);
      assert.ok(!inside.split(sep).includes("up") || !inside.startsWith(`a${sep}up`), path);
      assert.ok(!path.includes("\0"));
    }),
    { numRuns: 2_000 },
  );
});
