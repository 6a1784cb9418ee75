/** Tests of `brine config`, run as a person does. @module */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { MASTER_KEYS } from "../../src/config/master_config.ts";
import { MINION_KEYS } from "../../src/config/minion_config.ts";
import { Scratch } from "../core/scratch.ts";
import { runtimeName, test } from "../kit/test.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** A root of its own with these files in `etc/brine`. */
class Root implements Disposable {
  readonly #scratch = new Scratch();

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const directory of ["master.d", "minion.d"]) mkdirSync(this.path(directory), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(this.path(name), text);
  }

  path(name: string): string {
    return this.#scratch.at("etc/brine", name);
  }

  /** `brine config WORDS`, with this root's own directory as ETC. */
  config(...words: string[]): { code: number | null; out: string; error: string } {
    const own = runtimeName === "deno" ? ["run", "-A", "--quiet", CLI] : [CLI];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...own, "--root", this.#scratch.path, "config", ...words],
      { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
    );
    const etc = this.path("").replace(/\/$/, "");
    return { code: status, out: stdout.replaceAll(etc, "ETC"), error: stderr.replaceAll(etc, "ETC") };
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }
}

test("brine config check says that files are good, or everything that is wrong with them, and exits 2", () => {
  using root = new Root({ master: "ret_port: 1\n", "master.d/a.conf": "log_level: debug\n" });
  assert.deepEqual(root.config("check", "master"), { code: 0, out: "ETC/master: good\n", error: "" });
  assert.deepEqual(root.config("check").out.split("\n"), [
    "ETC/master: good",
    "ETC/minion: good (there is no such file: the defaults hold)",
    "",
  ]);
  writeFileSync(root.path("master.d/b.conf"), "\nworker_thread: 1\nreactor: [{tag: 'a[', actions: []}]\nret_port: x\n");
  writeFileSync(root.path("minion"), "ids: 1\n");
  const { code, out, error } = root.config("check");
  assert.deepEqual([code, out], [2, ""]);
  assert.deepEqual(error.split("\n"), [
    'ETC/master.d/b.conf:2: worker_thread: unknown key (did you mean "worker_threads"?)',
    'ETC/master.d/b.conf:4: ret_port: "x" is not a number',
    'ETC/minion:1: ids: unknown key (did you mean "id"?)',
    "",
  ]);
  writeFileSync(root.path("master.d/b.conf"), "reactor: [{tag: 'a[', actions: []}]\n");
  assert.match(root.config("check", "master").error, /^ETC\/master\.d\/b\.conf:1: reactor: 0\.tag: "a\[": no closing/);
  const [judged] = JSON.parse(root.config("check", "minion", "--json").out);
  assert.deepEqual([judged.role, judged.file, judged.good], ["minion", "ETC/minion", false]);
  assert.deepEqual(judged.problems[0], {
    file: "ETC/minion",
    line: 1,
    text: 'ids: unknown key (did you mean "id"?)',
  });
});

test("brine config check judges the file that --config names, which must be there, and asks whose it is", () => {
  using root = new Root({ other: "id: web01\n" });
  const other = ["--config", root.path("other")];
  assert.equal(root.config("check", "minion", ...other).out, "ETC/other: good\n");
  assert.match(root.config("check", "master", ...other).error, /^ETC\/other:1: id: unknown key/);
  assert.match(root.config("check", ...other).error, /say whose it is, master or minion/);
  assert.deepEqual(root.config("check", "minion", "--config", root.path("none")), {
    code: 2,
    out: "",
    error: "ETC/none: there is no such file\n",
  });
  assert.equal(root.config("check", "worker").code, 2);
});

test("brine config show prints every key with its value and where it comes from", () => {
  using root = new Root({ master: "# mine\nret_port: 1\n", "master.d/a.conf": "nodegroups: {web: 'web*'}\n" });
  const { code, out } = root.config("show", "master", "--log-level", "debug");
  assert.equal(code, 0);
  const rows = new Map(
    out.trim().split("\n").slice(1).map((line) => {
      const [key = "", ...rest] = line.split(/ {2,}/);
      return [key, rest];
    }),
  );
  assert.deepEqual([...rows.keys()], Object.keys(MASTER_KEYS));
  assert.deepEqual(rows.get("ret_port"), ["ETC/master:2", "1"]);
  assert.deepEqual(rows.get("publish_port"), ["default", "4505"]);
  assert.deepEqual(rows.get("log_level"), ["command line", '"debug"']);
  assert.deepEqual(rows.get("nodegroups"), ["ETC/master.d/a.conf:1", '{"web":"web*"}']);

  const shown = JSON.parse(root.config("show", "master", "--json").out);
  assert.deepEqual(shown.ret_port, { value: 1, from: "ETC/master:2" });
  const both = JSON.parse(root.config("show", "--json").out);
  assert.deepEqual(Object.keys(both.minion), Object.keys(MINION_KEYS));
  assert.deepEqual(both.master, shown);
  writeFileSync(root.path("minion"), "ids: 1\n");
  assert.match(root.config("show").error, /^brine: Cannot load ETC\/minion: line 1: ids: unknown key/);
});

test("brine config explain says what a key does, for each role that has it, and lists all", () => {
  using root = new Root();
  assert.equal(
    root.config("explain", "worker_threads").out,
    `worker_threads (of the master)\n  default: 5\n  ${MASTER_KEYS.worker_threads.about}\n`,
  );
  assert.deepEqual(root.config("explain", "log_level").out.match(/of the \w+/g), ["of the master", "of the minion"]);
  const [explained] = JSON.parse(root.config("explain", "id", "--json").out);
  assert.deepEqual(explained, { key: "id", role: "minion", default: null, about: MINION_KEYS.id.about });
  const all = root.config("explain").out.trim().split("\n").slice(1).map((line) => line.split(/ +/).slice(0, 2).join());
  const masters = Object.keys(MASTER_KEYS).map((key) => `${key},master`);
  assert.deepEqual(all, [...masters, ...Object.keys(MINION_KEYS).map((key) => `${key},minion`)]);
  const unknown = root.config("explain", "worker_thread");
  assert.deepEqual([unknown.code, unknown.out], [2, ""]);
  assert.match(unknown.error, /there is no such key \(did you mean "worker_threads"\?\)/);
  for (const word of ["constructor", "__proto__", "toString"]) assert.equal(root.config("explain", word).code, 2);
});
