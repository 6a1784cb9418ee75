import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import fc from "fast-check";
import { UsageError } from "../../src/core/errors.ts";
import type { Nodegroups, Target, TargetKind } from "../../src/target/expression.ts";
import type { Minion } from "../../src/target/matcher.ts";
import { resolve } from "../../src/target/matcher.ts";
import { parseTarget } from "../../src/target/parse.ts";
import { test } from "../kit/test.ts";
import { hostileText } from "./arbitrary.ts";

const WEB01: Minion = {
  id: "web01",
  grains: {
    os: "Debian",
    roles: ["web", "cache"],
    cpus: 4,
    virtual: true,
    note: null,
    path: "C:\\data",
    disks: { sda: { size: "10G", "a:b": "c" } },
    nics: [{ name: "eth0" }, { mtu: 1500 }],
    ipv4: ["127.0.0.1", "10.1.2.3"],
    ipv6: ["::1", "2001:db8::7", "fe80::1%eth0"],
    blob: new Uint8Array([1]),
  },
};
const DB1: Minion = { id: "db1", grains: { os: "Ubuntu Server", ipv4: ["192.168.0.1"] } };
const BARE: Minion = { id: "bare", grains: {} };

async function matching(
  kind: TargetKind,
  expression: string,
  more: { delimiter?: string; nodegroups?: Nodegroups } = {},
) {
  const { delimiter, nodegroups } = more;
  const target: Target = delimiter === undefined ? { kind, expression } : { kind, expression, delimiter };
  const matcher = await parseTarget(target, nodegroups === undefined ? {} : { nodegroups });
  return resolve(matcher, [WEB01, DB1, BARE]).join(" ");
}

async function refusal(kind: TargetKind, expression: string, nodegroups: Nodegroups = {}): Promise<string> {
  try {
    await parseTarget({ kind, expression }, { nodegroups });
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    assert.ok(!error.message.includes("\n"));
    return error.message;
  }
  throw new Error(`${kind} ${expression} was read`);
}

test("parseTarget() reads each kind that looks at ids", async () => {
  assert.equal(await matching("glob", "web*"), "web01");
  assert.equal(await matching("glob", "web[01-40],db1"), "web01 db1");
  assert.equal(await matching("glob", "*"), "web01 db1 bare");
  assert.equal(await matching("list", "web[01-02], db1"), "web01 db1");
  assert.equal(await matching("regex", "web|db"), "web01 db1");
  assert.equal(await matching("regex", "eb01"), "", "tied to the start");
  assert.equal(await matching("regex", "web$"), "");
  assert.equal(await matching("regex", "WEB"), "", "case counts in ids");
});

test("parseTarget() reads grains as Salt does", async () => {
  const cases = [
    ["os:Debian", "web01"],
    ["os:deb*", "web01"],
    ["os:*", "web01 db1"],
    ["roles:cache", "web01"],
    ["roles:c*", "web01"],
    ["cpus:4", "web01"],
    ["virtual:true", "web01"],
    ["note:none", "web01"],
    ["disks:sda", "web01"],
    ["disks:*", "web01"],
    ["disks:sda:size:10G", "web01"],
    ["disks:sda:size:1?g", "web01"],
    ["disks:sdb:size:10G", ""],
    ["disks:*:size:10G", "web01"],
    ["*:ubuntu*", "db1"],
    ["nics:name:eth0", "web01"],
    ["nics:1:mtu:1500", "web01"],
    ["ipv6:2001:db8::7", "web01"],
    ["ipv6:2001:db8::8", ""],
    ["path:C:\\data", "web01"],
    ["blob:*", "web01"],
    ["blob:1", ""],
    ["toString:*", ""],
    ["__proto__:*", ""],
    ["roles:length", ""],
  ] as const;
  for (const [expression, want] of cases) assert.equal(await matching("grain", expression), want, expression);
  assert.equal(await matching("grain", "path|C:*", { delimiter: "|" }), "web01");
});

test("parseTarget() reads regular expressions of grains", async () => {
  assert.equal(await matching("grain_regex", "os:(debian|ubuntu)"), "web01 db1");
  assert.equal(await matching("grain_regex", "os:Ubuntu\\b.*r$"), "db1");
  assert.equal(await matching("grain_regex", "ipv6:2001:(db8|db9)::"), "web01");
});

test("parseTarget() reads addresses and subnets", async () => {
  const cases = [
    ["10.1.2.3", "web01"],
    ["10.0.0.0/8", "web01"],
    ["10.1.2.99/24", "web01"],
    ["0.0.0.0/0", "web01 db1"],
    ["2001:db8::/32", "web01"],
    ["::1", "web01"],
    ["fe80::/10", "web01"],
    ["172.16.0.0/12", ""],
  ] as const;
  for (const [expression, want] of cases) assert.equal(await matching("cidr", expression), want, expression);
});

test("parseTarget() reads compounds", async () => {
  const cases = [
    ["web* and G@os:Debian", "web01"],
    ["web* or db1", "web01 db1"],
    ["not web*", "db1 bare"],
    ["not not web*", "web01"],
    ["not web* and not bare", "db1"],
    ["web* or db* and G@os:nothing", "web01"],
    ["(web* or db*) and G@os:nothing", ""],
    ["(web* or db*)and not(G@os:Debian)", "db1"],
    ["( web01 )", "web01"],
    ['G@os:"Ubuntu Server"', "db1"],
    ["'G@os:Ubuntu Server'", "db1"],
    ["E@(web|db)\\d+", "web01 db1"],
    ["(E@(web|db)\\d+) and not L@db[1-3],x", "web01"],
    ["S@10.0.0.0/8 or S@192.168.0.0/16", "web01 db1"],
    ["P@os:(Debian|RedHat)", "web01"],
    ["G|@disks|sda|size|10G", "web01"],
    ['"and" or bare', "bare"],
  ] as const;
  for (const [expression, want] of cases) assert.equal(await matching("compound", expression), want, expression);
});

test("parseTarget() reads nodegroups, nested, as text and as lists", async () => {
  const nodegroups = {
    web: "G@roles:web",
    all: "N@web or N@list",
    list: ["db1", "bare"],
    words: ["web*", "or", "N@list"],
    items: ["web* and G@os:Debian", "db?"],
  };
  assert.equal(await matching("nodegroup", "web", { nodegroups }), "web01");
  assert.equal(await matching("nodegroup", "all", { nodegroups }), "web01 db1 bare");
  assert.equal(await matching("nodegroup", "words", { nodegroups }), "web01 db1 bare");
  assert.equal(await matching("nodegroup", "items", { nodegroups }), "web01 db1");
  assert.equal(await matching("compound", "not N@list", { nodegroups }), "web01");
  const matcher = await parseTarget({ kind: "compound", expression: "N@all and not bare" }, { nodegroups });
  assert.equal(matcher.toString(), "(G@roles:web or db1 or bare) and not bare", "minions need no nodegroups");
});

test("parseTarget() refuses nodegroups that are missing, lead back to themselves or grow without bound", async () => {
  const doubling = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`g${n + 1}`, `N@g${n} or N@g${n}`]));
  const nodegroups = { a: "N@b", b: ["web1", "or", "N@a"], web: "x", bad: "web[1", empty: [], g0: "x", ...doubling };
  const cases = [
    ["a", 'Cannot read nodegroup b: "web1 or N@a": nodegroup a → b → a leads back to itself (character 11)'],
    ["wbe", 'Cannot read target "wbe": no nodegroup "wbe" (did you mean "web"?) (character 1)'],
    ["bad", 'Cannot read nodegroup bad: "web[1": no closing bracket (character 4)'],
    ["empty", 'Cannot read target "empty": nodegroup "empty" is empty (character 1)'],
    ["__proto__", 'Cannot read target "__proto__": no nodegroup "__proto__" (character 1)'],
  ] as const;
  for (const [name, want] of cases) assert.equal(await refusal("nodegroup", name, nodegroups), want);
  assert.match(await refusal("nodegroup", "g30", nodegroups), /more than 10000 terms/);
  const deep = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`d${n}`, `N@d${n + 1}`]));
  assert.match(await refusal("nodegroup", "d0", deep), /nests deeper than 32/);
});

test("parseTarget() says what is wrong and where", async () => {
  const cases = [
    ["glob", "web[01", 'Cannot read target "web[01": no closing bracket (character 4)'],
    ["glob", "", 'Cannot read target "": it is empty'],
    ["list", "web[2-1]", 'Cannot read target "web[2-1]": the range 2-1 runs backwards (character 5)'],
    ["regex", "we(b", 'Cannot read target "we(b": missing closing ) (character 1)'],
    ["regex", "a(?=b)", 'Cannot read target "a(?=b)": look-around and back-references are not supported (character 2)'],
    ["regex", "a[z-a]", 'Cannot read target "a[z-a]": invalid character class range (character 3)'],
    ["grain", "os", 'Cannot read target "os": a grain and a value are expected, as in os:Debian (character 2)'],
    ["grain", "os:", 'Cannot read target "os:": it is empty (character 4)'],
    ["grain", ":x", 'Cannot read target ":x": the name of a grain is expected (character 1)'],
    ["grain", "os:[a", 'Cannot read target "os:[a": no closing bracket (character 4)'],
    [
      "cidr",
      "10.0.0/8",
      'Cannot read target "10.0.0/8": an address such as 10.0.0.7 or a subnet such as 10.0.0.0/8 is expected (character 1)',
    ],
    [
      "cidr",
      "10.0.0.0/33",
      'Cannot read target "10.0.0.0/33": a prefix length from 0 to 32 is expected (character 10)',
    ],
    ["compound", "", 'Cannot read target "": a target is expected at the end (character 1)'],
    ["compound", "a and", 'Cannot read target "a and": a target is expected at the end (character 5)'],
    ["compound", "a b", 'Cannot read target "a b": "and" or "or" is expected (character 3)'],
    ["compound", "and a", 'Cannot read target "and a": a target is expected before "and" (character 1)'],
    ["compound", "(a or b", 'Cannot read target "(a or b": no closing parenthesis (character 1)'],
    ["compound", "(a b)", 'Cannot read target "(a b)": "and", "or" or ")" is expected (character 4)'],
    ["compound", "a)", 'Cannot read target "a)": no opening parenthesis (character 2)'],
    ["compound", "()", 'Cannot read target "()": a target is expected before ")" (character 2)'],
    ["compound", "a or G@'os x", 'Cannot read target "a or G@\'os x": no closing quote (character 8)'],
    ["compound", "a or web[01", 'Cannot read target "a or web[01": no closing bracket (character 9)'],
    ["compound", "a or G@'os':[x", "Cannot read target \"a or G@'os':[x\": no closing bracket (character 13)"],
    [
      "compound",
      "a or E@x(y z)",
      'Cannot read target "a or E@x(y z)": no closing parenthesis in this word; quote a word that has spaces (character 9)',
    ],
    ["compound", "I@x:y", 'Cannot read target "I@x:y": I@ is not supported; there are G@ P@ E@ L@ S@ N@ (character 1)'],
    ["compound", "L|@x", 'Cannot read target "L|@x": only G@ and P@ take a delimiter (character 2)'],
  ] as const;
  for (const [kind, expression, want] of cases) assert.equal(await refusal(kind, expression), want);
});

test("parseTarget() bounds length, nesting and the size of regular expressions", async () => {
  assert.match(await refusal("glob", "a".repeat(5000)), /longer than 4096 characters$/);
  assert.match(await refusal("list", "a,".repeat(40_000)), /longer than 65536 characters$/);
  assert.match(await refusal("compound", "E@" + "a".repeat(5000)), /longer than 4096 characters \(character 1\)/);
  assert.match(await refusal("compound", "(".repeat(60_000)), /nests deeper than 32/);
  assert.match(await refusal("compound", "not ".repeat(16_000) + "a"), /nests deeper than 32/);
  assert.match(await refusal("regex", "a{1000}".repeat(500)), /too big/);
  assert.match(await refusal("compound", "E@a{900} or ".repeat(40) + "a"), /too big/);
  assert.match(await refusal("grain", "a:".repeat(40)), /more than 32 parts/);
  assert.ok(await refusal("glob", "\x1b[2J["));
  assert.ok(!(await refusal("glob", "\x1b[2J[")).includes("\x1b"), "messages hold nothing that a terminal obeys");
});

test("Matcher.toString() reads back to itself", async () => {
  const term = fc.constantFrom(
    "web*",
    "{a,b}[01-12]",
    "G@os:Debian",
    'G@os:"Red Hat"',
    "G|@a|b:c|d",
    "P@os:(a|b)",
    "E@(web|db)\\d+",
    "web\\",
    "E@a\\(b",
    "L@web02,web01,web[03-05]",
    "S@10.0.0.0/8",
    "N@g",
    "N@h",
    "'not'",
    '"it""s"',
    '"a\'b"',
  );
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      term,
      fc.tuple(tie("tree"), fc.constantFrom("and", "or"), tie("tree")).map(([a, op, b]) => `(${a} ) ${op} ( ${b} )`),
      fc.tuple(tie("tree"), fc.constantFrom("and", "or"), tie("tree")).map(([a, op, b]) => `${a} ${op} ${b}`),
      tie("tree").map((inner) => `not ${inner}`),
    ),
  }));
  const nodegroups = { g: "web* or N@h", h: "db1 and not x" };
  await fc.assert(
    fc.asyncProperty(tree, async (expression) => {
      const first = await parseTarget({ kind: "compound", expression }, { nodegroups });
      const again = await parseTarget({ kind: "compound", expression: first.toString() });
      assert.equal(again.toString(), first.toString());
      for (const minion of [WEB01, DB1, BARE]) assert.equal(again.matches(minion), first.matches(minion));
    }),
    { numRuns: 300 },
  );
});

test("Matcher.toString() of every kind is a compound with the same meaning", async () => {
  const kinds = ["glob", "list", "regex", "grain", "grain_regex", "cidr"] as const;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...kinds), hostileText, async (kind, expression) => {
      const first = await parseTarget({ kind, expression }).catch(() => undefined);
      fc.pre(first !== undefined);
      // A glob of ids that looks like a letter and an at sign names no id at all.
      fc.pre(kind !== "glob" || !/^[A-Za-z].?@/.test(expression));
      const again = await parseTarget({ kind: "compound", expression: first?.toString() ?? "" });
      assert.equal(again.toString(), first?.toString());
      for (const minion of [WEB01, DB1, BARE]) assert.equal(again.matches(minion), first?.matches(minion));
    }),
    { numRuns: 500 },
  );
});

test("parseTarget() evaluates compounds as booleans", async () => {
  type Oracle = { readonly text: string; readonly value: boolean };
  const atom: fc.Arbitrary<Oracle> = fc.constantFrom(
    { text: "web*", value: true },
    { text: "db*", value: false },
    { text: "G@os:Debian", value: true },
    { text: "L@x,y", value: false },
  );
  const { or } = fc.letrec<{ or: Oracle; and: Oracle; not: Oracle }>((tie) => ({
    or: fc.array(tie("and"), { minLength: 1, maxLength: 3 }).map((parts) => ({
      text: parts.map((part) => part.text).join(" or "),
      value: parts.some((part) => part.value),
    })),
    and: fc.array(tie("not"), { minLength: 1, maxLength: 3 }).map((parts) => ({
      text: parts.map((part) => part.text).join(" and "),
      value: parts.every((part) => part.value),
    })),
    not: fc.oneof(
      { maxDepth: 3, depthIdentifier: "not" },
      atom,
      tie("not").map(({ text, value }) => ({ text: `not ${text}`, value: !value })),
      tie("or").map(({ text, value }) => ({ text: `(${text})`, value })),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(or, async ({ text, value }) => {
      const matcher = await parseTarget({ kind: "compound", expression: text });
      assert.equal(matcher.matches(WEB01), value, text);
      assert.equal(matcher.usesGrains, text.includes("G@"));
      assert.match(matcher.explain(WEB01), value ? /^web01 matches: / : /^web01 does not match: /);
    }),
    { numRuns: 500 },
  );
});

test("Matcher.explain() gives the deciding reason", async () => {
  const cases = [
    ["web*", 'web01 matches: its id fits the glob "web*"'],
    ["web* and G@os:Ubuntu", 'web01 does not match: its grain os is "Debian", which does not fit "Ubuntu"'],
    ["not web*", 'web01 does not match: its id fits the glob "web*"'],
    ["G@kernel:x or S@10.0.0.0/8", "web01 matches: its address 10.1.2.3 is in 10.0.0.0/8"],
    [
      "a or b or c",
      'web01 does not match: its id does not fit the glob "a", and its id does not fit the glob "b", and 1 more',
    ],
    ["G@kernel:x", "web01 does not match: it has no grain kernel"],
  ] as const;
  for (const [expression, want] of cases) {
    assert.equal((await parseTarget({ kind: "compound", expression })).explain(WEB01), want);
  }
});

test("parseTarget() throws nothing but UsageError at hostile text", async () => {
  const kinds = ["glob", "list", "regex", "grain", "grain_regex", "cidr", "nodegroup", "compound"] as const;
  const grains = fc.dictionary(fc.constantFrom("os", "a", "ipv4", "ipv6", "__proto__"), fc.anything());
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...kinds), hostileText, grains, async (kind, expression, facts) => {
      try {
        const matcher = await parseTarget({ kind, expression }, { nodegroups: { web: expression } });
        const minion = { id: "web01", grains: facts };
        assert.equal(matcher.matches(minion), matcher.matches(minion));
        assert.equal(typeof matcher.explain(minion), "string");
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test("src/target loads re2js and ipaddr.js on demand only", async () => {
  const folder = new URL("../../src/target/", import.meta.url);
  for (const name of await readdir(folder)) {
    const source = await readFile(new URL(name, folder), "utf8");
    const eager = [...source.matchAll(/^import (?!type ).* from "(?!\.\.?\/)([^"]+)"/gm)].map((match) => match[1]);
    assert.deepEqual(eager, [], name);
  }
});
