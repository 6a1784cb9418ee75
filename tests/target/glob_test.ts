import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../src/core/errors.ts";
import { compileGlob, type GlobOptions } from "../../src/target/glob.ts";
import { NodeSet } from "../../src/target/node_set.ts";
import { failReading } from "../../src/target/target_error.ts";
import { test } from "../kit/test.ts";
import { hostileText, numberedId } from "./arbitrary.ts";

function fits(glob: string, text: string, options?: GlobOptions): boolean {
  return compileGlob(glob, failReading(glob), options)(text);
}

test("compileGlob() reads fnmatch's wildcards", () => {
  const cases = [
    { glob: "*", yes: ["", "web01", "a.b/c"], no: [] },
    { glob: "web*", yes: ["web", "web01.example.com"], no: ["aweb", "we"] },
    { glob: "*.example.com", yes: ["a.b.example.com"], no: ["example.com"] },
    { glob: "web?", yes: ["web1", "web\u{1f600}"], no: ["web", "web12"] },
    { glob: "[abc]1", yes: ["a1", "c1"], no: ["d1", "1"] },
    { glob: "[!abc]1", yes: ["d1"], no: ["a1", "1"] },
    { glob: "[a-c-]", yes: ["b", "-"], no: ["d"] },
    { glob: "[]a]", yes: ["]", "a"], no: ["b"] },
    { glob: "[!]]", yes: ["a"], no: ["]"] },
    { glob: "a]", yes: ["a]"], no: [] },
    { glob: "a}", yes: ["a}"], no: [] },
    { glob: "a[*]", yes: ["a*"], no: ["ab"] },
    { glob: "{web,db}[12]", yes: ["web1", "db2"], no: ["app1", "web3"] },
    { glob: "{a,b{c,d}}*", yes: ["a", "bc", "bdx"], no: ["b"] },
    { glob: "x{,y}", yes: ["x", "xy"], no: ["xyy"] },
  ];
  for (const { glob, yes, no } of cases) {
    for (const text of yes) assert.ok(fits(glob, text), `${glob} ${text}`);
    for (const text of no) assert.ok(!fits(glob, text), `${glob} ${text}`);
  }
});

test("compileGlob() tells numbers from character classes", () => {
  const cases = [
    { glob: "web[01-40]", yes: ["web01", "web40"], no: ["web1", "web41", "web001", "web0"] },
    { glob: "web[01-40,50]", yes: ["web07", "web50"], no: ["web45"] },
    { glob: "web[8-12]", yes: ["web8", "web12"], no: ["web08", "web13", "web1"] },
    { glob: "web[98-101]", yes: ["web98", "web101"], no: ["web098", "web102"] },
    { glob: "db[1-3].example.com", yes: ["db2.example.com"], no: ["db4.example.com", "db12.example.com"] },
    { glob: "n[1,3]", yes: ["n1", "n3"], no: ["n2", "n,"] },
    { glob: "n[12]", yes: ["n1", "n2"], no: ["n12"] },
    { glob: "n[0-9a-f]", yes: ["nf", "n0"], no: ["ng"] },
    { glob: "n[!1-12]", yes: ["n3"], no: ["n1", "n2", "n12"] },
  ];
  for (const { glob, yes, no } of cases) {
    for (const text of yes) assert.ok(fits(glob, text), `${glob} ${text}`);
    for (const text of no) assert.ok(!fits(glob, text), `${glob} ${text}`);
  }
});

test("compileGlob() matches whole numbers beside a star, and digits by class", () => {
  assert.ok(fits("*[10-20]", "web15"));
  assert.ok(!fits("*[10-20]", "web115"));
  assert.ok(fits("web[8-12]*", "web12.example.com"));
  assert.ok(!fits("web[8-12]*", "web120"));
  assert.ok(fits("r1[01-12]", "r102"), "digits that are written out may stand before a range");
  assert.ok(fits("*[1-9]", "web19"), "a class matches one character, as in fnmatch");
});

test("compileGlob() separates alternatives by commas where asked to", () => {
  const printed = NodeSet.parse("web[01-12,14],db1").toString();
  for (const id of ["web07", "web14", "db1"]) assert.ok(fits(printed, id, { commasSeparate: true }), id);
  for (const id of ["web13", "db2"]) assert.ok(!fits(printed, id, { commasSeparate: true }), id);
  assert.ok(fits("a,b", "a,b"));
  assert.throws(() => fits("a,", "a", { commasSeparate: true }), UsageError);
});

test("compileGlob() ignores case where asked to", () => {
  assert.ok(fits("UBU[M-O]*", "ubuntu", { ignoreCase: true }));
  assert.ok(fits("ubuntu", "UBUNTU", { ignoreCase: true }));
  assert.ok(!fits("ubuntu", "UBUNTU"));
});

test("compileGlob() agrees with a naive matcher", () => {
  const token = fc.constantFrom("a", "b", "1", ".", "*", "?", "[ab]", "[!a]", "[1-3]");
  const text = fc.array(fc.constantFrom("a", "b", "1", "2", "."), { maxLength: 8 }).map((chars) => chars.join(""));
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 8 }), text, (tokens, subject) => {
      assert.equal(fits(tokens.join(""), subject), naive(tokens, subject), `${tokens.join("")} ${subject}`);
    }),
    { numRuns: 2000 },
  );
});

function naive(tokens: readonly string[], text: string): boolean {
  const [token, ...rest] = tokens;
  if (token === undefined) return text === "";
  if (token === "*") {
    return Array.from({ length: text.length + 1 }, (_, n) => n).some((n) => naive(rest, text.slice(n)));
  }
  const [char] = text;
  if (char === undefined) return false;
  const sets: Record<string, boolean> = {
    "?": true,
    "[ab]": char === "a" || char === "b",
    "[!a]": char !== "a",
    "[1-3]": char >= "1" && char <= "3",
  };
  return (sets[token] ?? token === char) && naive(rest, text.slice(1));
}

test("compileGlob() matches exactly the ids of a printed node set", () => {
  const ids = fc.array(numberedId, { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(ids, numberedId, (members, other) => {
    const set = NodeSet.of(members);
    const glob = compileGlob(set.toString(), failReading(""), { commasSeparate: true });
    // A bracket of single digits such as [1-3] is a class; the ids are the same.
    for (const id of [...members, other]) assert.equal(glob(id), set.has(id), `${set} ${id}`);
  }));
});

test("compileGlob() does not backtrack", () => {
  const startMs = performance.now();
  assert.ok(!fits("*a*a*a*a*b", "a".repeat(128)));
  assert.ok(!fits(`${"*a".repeat(2000)}b`, "a".repeat(128)));
  assert.ok(!fits("{a,aa}".repeat(600) + "b", "a".repeat(128)));
  assert.ok(!fits("{*,*,*}".repeat(500) + "b", "a".repeat(128)));
  assert.ok(!fits(`*[${"1-12,".repeat(600)}1]b`, "1".repeat(128)));
  assert.ok(performance.now() - startMs < 2_000, "quick");
});

test("compileGlob() says what is wrong and where", () => {
  const cases = [
    { glob: "web[01", want: 'Cannot read target "web[01": no closing bracket (character 4)' },
    { glob: "a[]", want: 'Cannot read target "a[]": no closing bracket (character 2)' },
    { glob: "{a,b", want: 'Cannot read target "{a,b": no closing brace (character 1)' },
    { glob: "n[z-a]", want: 'Cannot read target "n[z-a]": the range z-a runs backwards (character 3)' },
    { glob: "n[40-01]", want: 'Cannot read target "n[40-01]": the range 40-01 runs backwards (character 3)' },
    { glob: "", want: 'Cannot read target "": it is empty' },
  ];
  for (const { glob, want } of cases) assert.throws(() => fits(glob, ""), { message: want }, glob);
  assert.throws(() => fits("{".repeat(5000), ""), /braces nest deeper than 32 \(character 33\)/);
});

test("compileGlob() throws nothing but UsageError at hostile text", () => {
  fc.assert(
    fc.property(hostileText, hostileText, fc.boolean(), (glob, text, flag) => {
      try {
        fits(glob, text, { commasSeparate: flag, ignoreCase: flag });
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
