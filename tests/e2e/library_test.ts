/**
 * The examples of `mod.ts` and of the README, run as they stand on both runtimes against a live master.
 *
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { promisify } from "node:util";
import { Fleet } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
const bin = (name: string) => `${REPOSITORY}node_modules/.bin/${name}`;
const RUNTIMES = {
  bun: [bin("bun")],
  deno: [bin("deno"), "run", "-A", "--quiet", "--config", `${REPOSITORY}deno.json`],
} as const;

/** The first block of a file's module comment, or of a Markdown file. */
function examplesOf(file: string): string[] {
  const path = `${REPOSITORY}${file}`;
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  const prose = file.endsWith(".ts") ? text.slice(0, text.indexOf("*/")).replace(/^ \* ?/gm, "") : text;
  return Array.from(prose.matchAll(/^```ts.*\n([^]*?)^```$/gm), ([, code = ""]) => code);
}

async function runExample(runtime: keyof typeof RUNTIMES, code: string, fleet: Fleet): Promise<string> {
  const file = fleet.directory.join(`example_${runtime}.ts`);
  const [program, ...words] = RUNTIMES[runtime];
  const here = code.replaceAll("./mod.ts", `${REPOSITORY}mod.ts`).replaceAll("/srv/brine", fleet.root);
  writeFileSync(file, here);
  const { FORCE_COLOR: _colour, ...rest } = process.env;
  const env = { ...rest, NO_COLOR: "1", BRINE_ROOT: fleet.root };
  const { stdout, stderr } = await promisify(execFile)(program, [...words, file], { cwd: REPOSITORY, env });
  assert.equal(stderr, "");
  return stdout;
}

test("the examples of mod.ts do what they say, on Bun and on Deno", async () => {
  const [run = "", iterables = "", ...more] = examplesOf("mod.ts");
  assert.equal(more.length, 0);
  await using fleet = await Fleet.start({ minions: ["web1", "web2"] });
  for (const runtime of ["bun", "deno"] as const) {
    const lines = (await runExample(runtime, run, fleet)).trimEnd().split("\n");
    assert.deepEqual(lines.sort(), ["2 of 2 answered", "web1 Linux", "web2 Linux"]);
    assert.equal(
      await runExample(runtime, iterables, fleet),
      'test.ping\ntest.ping 1\nNo minion matches "nobody": there are: web[1-2]\n',
    );
  }
});

test("the README's TypeScript runs, on Bun and on Deno", async () => {
  const examples = examplesOf("README.md");
  await using fleet = await Fleet.start({ minions: ["web1", "web2"] });
  for (const code of examples) {
    for (const runtime of ["bun", "deno"] as const) await runExample(runtime, code, fleet);
  }
});
