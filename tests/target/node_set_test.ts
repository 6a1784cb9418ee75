import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../src/core/errors.ts";
import { NodeSet } from "../../src/target/node_set.ts";
import { test } from "../kit/test.ts";
import { anyId, hostileText, numberedId } from "./arbitrary.ts";

test("NodeSet.parse() reads ranges, lists and padding", () => {
  const cases = [
    { input: "", want: [] },
    { input: "db1", want: ["db1"] },
    { input: "db[1-3]", want: ["db1", "db2", "db3"] },
    { input: "web[01-03,05]", want: ["web01", "web02", "web03", "web05"] },
    { input: "web[08-11]", want: ["web08", "web09", "web10", "web11"] },
    { input: "n[8-11]", want: ["n8", "n9", "n10", "n11"] },
    { input: "n[99-101]", want: ["n99", "n100", "n101"] },
    { input: "n[098-101]", want: ["n098", "n099", "n100", "n101"] },
    { input: "web[01-02], db1 ", want: ["db1", "web01", "web02"] },
    { input: "r[1-2]-n[1-2]", want: ["r1-n1", "r1-n2", "r2-n1", "r2-n2"] },
    { input: "[1-2].example.com", want: ["1.example.com", "2.example.com"] },
    { input: "a1,a1,a[1-1]", want: ["a1"] },
  ];
  for (const { input, want } of cases) assert.deepEqual([...NodeSet.parse(input)], want, input);
});

test("NodeSet.toString() folds one dimension and keeps padding", () => {
  const cases = [
    { ids: [], want: "" },
    { ids: ["db1"], want: "db1" },
    { ids: ["web14", "web02", "web01", "web03"], want: "web[01-03,14]" },
    { ids: ["web1", "web01"], want: "web[1,01]" },
    { ids: ["n9", "n10", "n11"], want: "n[9-11]" },
    { ids: ["n99", "n100"], want: "n[99-100]" },
    { ids: ["web01.dc2", "web02.dc2"], want: "web[01-02].dc2" },
    { ids: ["r1-n1", "r1-n2", "r2-n1", "r2-n2"], want: "r1-n[1-2],r2-n[1-2]" },
    { ids: ["web2", "db", "cache-a", "web1"], want: "cache-a,db,web[1-2]" },
    { ids: ["web10", "web2", "app"], want: "app,web[2,10]" },
    { ids: ["x12345678901234567890", "x12345678901234567891"], want: "x12345678901234567890,x12345678901234567891" },
  ];
  for (const { ids, want } of cases) assert.equal(NodeSet.of(ids).toString(), want);
});

test("NodeSet.parse() undoes NodeSet.toString() for every set of ids", () => {
  const ids = fc.array(fc.oneof(anyId, numberedId), { maxLength: 60 });
  fc.assert(
    fc.property(ids, (list) => {
      const set = NodeSet.of(list);
      const again = NodeSet.parse(set.toString());
      assert.ok(again.equals(set), set.toString());
      assert.equal(again.toString(), set.toString());
    }),
    { numRuns: 500 },
  );
});

test("NodeSet iterates in natural order whatever the order of its ids", () => {
  assert.deepEqual([...NodeSet.of(["web10", "web2", "web02", "a", "web1"])], ["a", "web1", "web2", "web02", "web10"]);
  fc.assert(fc.property(fc.uniqueArray(fc.oneof(anyId, numberedId), { maxLength: 30 }), (ids) => {
    assert.deepEqual([...NodeSet.of(ids)], [...NodeSet.of(ids.toReversed())]);
  }));
});

test("NodeSet algebra agrees with sets", () => {
  const ids = fc.array(numberedId, { maxLength: 30 });
  fc.assert(fc.property(ids, ids, (a, b) => {
    const left = NodeSet.of(a);
    const right = NodeSet.of(b);
    assert.ok(left.union(right).equals(NodeSet.of([...a, ...b])));
    assert.ok(left.intersection(right).equals(NodeSet.of(a.filter((id) => b.includes(id)))));
    assert.ok(left.difference(right).equals(NodeSet.of(a.filter((id) => !b.includes(id)))));
    assert.equal(left.size, new Set(a).size);
    assert.equal(left.first, [...left][0]);
  }));
});

test("NodeSet.parse() says what is wrong and where", () => {
  const cases = [
    { input: "web[01", want: 'Cannot read target "web[01": no closing bracket (character 4)' },
    { input: "web01]", want: 'Cannot read target "web01]": no opening bracket (character 6)' },
    { input: "web[3-1]", want: 'Cannot read target "web[3-1]": the range 3-1 runs backwards (character 5)' },
    {
      input: "a,web[1,x]",
      want: 'Cannot read target "a,web[1,x]": a number or a range such as 1-9 is expected (character 9)',
    },
    {
      input: "web[01-3]",
      want: 'Cannot read target "web[01-3]": the range 01-3 changes its zero padding (character 5)',
    },
    { input: "a,,b", want: 'Cannot read target "a,,b": an id is expected (character 3)' },
    { input: "a,", want: 'Cannot read target "a,": an id is expected (character 2)' },
    { input: "web*", want: 'Cannot read target "web*": a list holds ids, and "*" belongs in a glob (character 4)' },
    { input: "a b", want: 'Cannot read target "a b": this character is not allowed in an id (character 2)' },
    { input: "a,-b", want: 'Cannot read target "a,-b": "-b" is not a minion id (character 3)' },
  ];
  for (const { input, want } of cases) {
    assert.throws(() => NodeSet.parse(input), (error) => error instanceof UsageError && error.message === want, input);
  }
});

test("NodeSet.parse() refuses ranges that stand for too many ids, before it makes them", () => {
  for (const input of ["n[1-100001]", "n[1-999999999999999]", "n[1-1000]-[1-1000]-[1-1000]", "a[1-60000],b[1-60000]"]) {
    assert.throws(() => NodeSet.parse(input), /stands for more than 100000 ids/, input);
  }
  assert.equal(NodeSet.parse("n[1-100000]").size, 100_000);
});

test("NodeSet.parse() throws nothing but UsageError at hostile text", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      try {
        NodeSet.parse(text);
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test("NodeSet.toString() folds ten thousand ids in milliseconds", () => {
  const shapes = [
    (n: number) => `web${String(n).padStart(5, "0")}`,
    (n: number) => `r${n % 100}-n${n}`,
    (n: number) => `n${n}.dc1.example.com`,
    (n: number) => `10.${n % 7}.${n % 251}.${n}`,
    (n: number) => `h${(n * 2654435761).toString(16)}`,
  ];
  for (const shape of shapes) {
    const set = NodeSet.of(Array.from({ length: 10_000 }, (_, n) => shape((n * 7919) % 10_000)));
    const startMs = performance.now();
    const text = set.toString();
    const tookMs = performance.now() - startMs;
    // Generous: a quadratic fold takes seconds.
    assert.ok(tookMs < 500, `${tookMs} ms for ${text.slice(0, 40)}`);
    assert.equal(NodeSet.parse(text.length < 60_000 ? text : "").size, text.length < 60_000 ? set.size : 0);
  }
});
