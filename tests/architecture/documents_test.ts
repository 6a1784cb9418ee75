import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildProgram } from "../../src/cli/program.ts";
import { configurationPage } from "../../src/config/reference.ts";
import { FROM_MINION_KINDS, TO_MINION_KINDS } from "../../src/wire/minion_messages.ts";
import { FROM_OPERATOR_KINDS, TO_OPERATOR_KINDS } from "../../src/wire/operator_messages.ts";
import { test } from "../kit/test.ts";
import { ROOT } from "./source.ts";

const page = (name: string) => readFileSync(join(ROOT, name), "utf8");

test("docs/protocol.md describes every message kind", () => {
  const text = page("docs/protocol.md");
  const kinds = [...FROM_MINION_KINDS, ...TO_MINION_KINDS, ...FROM_OPERATOR_KINDS, ...TO_OPERATOR_KINDS, "job", "beat"];
  assert.deepEqual(kinds.filter((kind) => !text.includes(`\`${kind}\``)), []);
});

test("README.md names every command", () => {
  const text = page("README.md");
  const names = buildProgram(() => {}).commands.map((command) => command.name());
  assert.deepEqual(names.filter((name) => !text.includes(`brine ${name}`)), []);
});

test("docs/configuration.md is what the table of keys makes", () => {
  assert.ok(page("docs/configuration.md") === configurationPage(), "it is not: run `deno task reference`");
});

test("docs/architecture.md names every folder of src/", () => {
  const text = page("docs/architecture.md");
  const folders = [
    "cli",
    "output",
    "client",
    "master",
    "minion",
    "target",
    "channel",
    "store",
    "wire",
    "transport",
    "crypto",
    "config",
    "runtime",
    "core",
  ];
  assert.deepEqual(folders.filter((folder) => !text.includes(`src/${folder}`)), []);
});

test("package.json: versions are pinned and agree with the program's", () => {
  const { dependencies, devDependencies } = JSON.parse(page("package.json"));
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) =>
    !/^\d/.test(String(version))
  );
  assert.deepEqual(loose, []);
});
