/** Tests of `master.d/*.conf`. @module */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { ConfigError, loadConfigWithSources } from "../../src/config/load.ts";
import { MASTER_KEYS } from "../../src/config/master_config.ts";
import { MINION_KEYS } from "../../src/config/minion_config.ts";
import { Scratch } from "../core/scratch.ts";
import { test } from "../kit/test.ts";

/** Files below a directory of their own; a name with `/` lies in `NAME.d`. */
function filesOf(files: Readonly<Record<string, string>>) {
  const scratch = new Scratch();
  for (const directory of ["master.d", "minion.d"]) mkdirSync(scratch.at(directory));
  for (const [name, text] of Object.entries(files)) writeFileSync(scratch.at(name), text);
  return scratch;
}

const options = { isRequired: false, flags: {} };

test("loadConfig() reads drop-ins after the file, in the order of their names, and the later one wins", async () => {
  using scratch = filesOf({
    "master": "ret_port: 1\npublish_port: 2\n",
    "master.d/20.conf": "ret_port: 20\n",
    "master.d/10.conf": "# first\nret_port: 10\nlog_level: debug\n",
    "master.d/9.conf": "publish_port: 9\n", // by name, not by number: the last of the three
    "master.d/.hidden.conf": "worker_threads: 9\n",
    "master.d/30.conf.bak": "ret_port: 98\n",
    "master.d/40.yaml": "no: key\n",
  });
  const path = scratch.at("master");
  const { values, settings } = await loadConfigWithSources(MASTER_KEYS, {
    ...options,
    path,
    flags: { interface: "::" },
  });
  assert.deepEqual([values.ret_port, values.publish_port, values.log_level], [20, 9, "debug"]);
  assert.equal(values.worker_threads, MASTER_KEYS.worker_threads.defaultValue);
  const from = Object.fromEntries([...settings].map(([key, setting]) => [key, setting.from.replace(path, "FILE")]));
  assert.deepEqual(from, {
    ret_port: "FILE.d/20.conf:1",
    publish_port: "FILE.d/9.conf:1",
    log_level: "FILE.d/10.conf:3",
    interface: "command line",
  });
});

test("loadConfig() reads drop-ins where there is no file, and for the minion as for the master", async () => {
  using scratch = filesOf({ "minion.d/a.conf": "master: salt.example.com\n" });
  const path = scratch.at("minion");
  const { values, settings } = await loadConfigWithSources(MINION_KEYS, { ...options, path });
  assert.equal(values.master, "salt.example.com");
  assert.equal(settings.get("master")?.from, `${path}.d/a.conf:1`);
});

test("loadConfig() names the file and line of every problem in all of the files at once", async () => {
  using scratch = filesOf({
    "master": "ret_port: x\nkeep_jobs: 1\n",
    "master.d/a.conf": "\n\npublish_prot: 1\n",
    "master.d/b.conf": "a: [1\n",
    "master.d/c.conf": "- a\n",
    "master.d/d.conf": "worker_threads: 65\n",
  });
  symlinkSync(scratch.at("nowhere"), scratch.at("master.d/e.conf"));
  mkdirSync(scratch.at("master.d/f.conf"));
  const path = scratch.at("master");
  await assert.rejects(loadConfigWithSources(MASTER_KEYS, { ...options, path }), (thrown) => {
    assert.ok(thrown instanceof ConfigError);
    const found = thrown.problems.map(({ file, line, text }) =>
      `${file?.replace(path, "FILE")}:${line ?? ""}: ${text}`
    );
    const want = [
      /^FILE:1: ret_port: "x" is not a number$/,
      /^FILE:2: keep_jobs: unknown key/,
      /^FILE\.d\/a\.conf:3: publish_prot: unknown key \(did you mean "publish_port"\?\)$/,
      /^FILE\.d\/b\.conf:: .* at line \d, column \d$/,
      /^FILE\.d\/c\.conf:: it is no map of keys to values$/,
      /^FILE\.d\/d\.conf:1: worker_threads: 65 is above 64$/,
      /^FILE\.d\/e\.conf:: there is no such file$/,
      /^FILE\.d\/f\.conf:: /,
    ];
    for (const [index, pattern] of want.entries()) assert.match(found[index] ?? "nothing", pattern);
    assert.equal(found.length, want.length);
    assert.match(thrown.message, /^Cannot load \S+\/master: line 1: ret_port: .*; Cannot load \S+\/a\.conf: line 3: /);
    return true;
  });
});
