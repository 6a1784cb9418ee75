import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { MASTER_KEYS } from "../../src/config/master_config.ts";
import { MINION_KEYS } from "../../src/config/minion_config.ts";
import { UsageError } from "../../src/core/errors.ts";
import { test } from "../kit/test.ts";

class ConfigFile implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "brine-config-"));
  readonly path = join(this.#directory, "master");

  constructor(text?: string) {
    if (text !== undefined) writeFileSync(this.path, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }
}

async function load(text: string | undefined, flags: Record<string, unknown> = {}, isRequired = false) {
  using file = new ConfigFile(text);
  try {
    return await loadConfig(MASTER_KEYS, { path: file.path, isRequired, flags });
  } catch (thrown) {
    assert.ok(thrown instanceof UsageError);
    throw new UsageError(thrown.message.replace(file.path, "FILE"));
  }
}

test("loadConfig() fills in defaults where there is no file, or an empty one", async () => {
  const defaults = Object.fromEntries(
    Object.entries(MASTER_KEYS).map(([name, { defaultValue }]) => [name, defaultValue]),
  );
  for (const text of [undefined, "", "# nothing\n", "---\n"]) assert.deepEqual(await load(text), defaults);
  for (const [name, { about }] of Object.entries({ ...MASTER_KEYS, ...MINION_KEYS })) {
    assert.match(about, /^[A-Z].{10,}\.$/s, name); // every key is explained
  }
});

test("loadConfig() lets the file win over defaults, and flags over the file", async () => {
  const text = "ret_port: 5506\npublish_port: 5505\nnodegroups: {web: 'web*', all: ['*']}\n";
  const { ret_port, publish_port, nodegroups, interface: address } = await load(text, { ret_port: 0 });
  assert.deepEqual([ret_port, publish_port, address], [0, 5505, "0.0.0.0"]);
  assert.deepEqual(nodegroups, { web: "web*", all: ["*"] });
});

test("loadConfig() names every problem at once, and what was probably meant", async () => {
  const cases: readonly { text: string; flags?: Record<string, unknown>; want: string }[] = [
    {
      text: "worker_thread: 0\nkeep_jobs_seconds: a day\nloop_interval: 0\npublish_port: -1\n",
      want: "Cannot load FILE: " + [
        'line 1: worker_thread: unknown key (did you mean "worker_threads"?)',
        'line 2: keep_jobs_seconds: "a day" is not a number of seconds',
        "line 3: loop_interval: 0 is not above zero",
        "line 4: publish_port: -1 is negative",
      ].join("; "),
    },
    { text: "toString: 1\n", want: "Cannot load FILE: line 1: toString: unknown key" },
    { text: "__proto__: {worker_threads: 3}\n", want: "Cannot load FILE: line 1: __proto__: unknown key" },
    {
      text: "constructor: 1\nhasOwnProperty: 2\n",
      want: "Cannot load FILE: line 1: constructor: unknown key; line 2: hasOwnProperty: unknown key",
    },
    { text: "ret_port: 45.5\n", want: "Cannot load FILE: line 1: ret_port: 45.5 is not a whole number" },
    {
      text: "log_level: loud\n",
      want: 'Cannot load FILE: line 1: log_level: "loud" is none of debug, info, warning, error',
    },
    { text: "nodegroups: [a]\n", want: 'Cannot load FILE: line 1: nodegroups: ["a"] is not a map of names to targets' },
    { text: "", flags: { ret_port: 70_000 }, want: "Cannot use these options: ret_port: 70000 is above 65535" },
    {
      text: "interface: 1\n",
      flags: { ret_port: 70_000 },
      want:
        "Cannot load FILE: line 1: interface: 1 is not text; Cannot use these options: ret_port: 70000 is above 65535",
    },
    { text: "- a\n", want: "Cannot load FILE: it is no map of keys to values" },
    { text: "just text\n", want: "Cannot load FILE: it is no map of keys to values" },
    { text: "a: 1\na: 2\n", want: "Cannot load FILE: Map keys must be unique at line 2, column 1" },
  ];
  for (const { text, flags = {}, want } of cases) {
    await assert.rejects(() => load(text, flags), { name: "UsageError", message: want });
  }
  await assert.rejects(() => load("a: [1\nb: 2\n"), /^UsageError: Cannot load FILE: .* at line 2, column 1$/);
  await assert.rejects(() => load(undefined, {}, true), /^UsageError: Cannot load FILE: there is no such file$/);
});
