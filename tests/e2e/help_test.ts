/**
 * Help, versions, options before and after the command, and the surroundings that change how results look.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import process from "node:process";
import { BRINE, brine, Fleet, isAlive, TemporaryDirectory } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";

const COMMANDS = ["master", "minion", "run", "key", "minions", "jobs", "events", "call", "demo", "version"];
const UNDER = {
  config: ["check", "show", "explain"],
  key: ["list", "accept", "reject", "delete", "finger", "token"],
  jobs: ["list", "show", "attach", "missing", "kill"],
};

test("every command has help with an example that begins with its own name", async () => {
  const commands = [
    ...COMMANDS.map((name) => [name]),
    ...Object.entries(UNDER).flatMap(([of, names]) => names.map((name) => [of, name])),
  ];
  for (const words of commands) {
    const { code, stdout, stderr } = await brine([...words, "--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const name = words.join(" ");
    assert.match(stdout, new RegExp(`^Usage: brine ${name}`));
    assert.match(stdout, new RegExp(`\nExamples:\n(  brine .*\n)*  brine (--root \\S+ )?${name}\\b`), name);
    assert.match(stdout, /\nGlobal Options:\n(.*\n)* +--json /, name);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, `${name}: ${line}`);
  }
});

test("brine alone prints its help, with every command", async () => {
  const { code, stdout, stderr } = await brine([]);
  assert.deepEqual([code, stdout], [2, ""]);
  for (const name of COMMANDS) assert.match(stderr, new RegExp(`\n  ${name}\\b.*\\S`));
  assert.equal((await brine(["--help"])).stdout, stderr);
  assert.equal((await brine(["help"])).stdout, stderr);
});

test("brine version prints the version, --json with the wire's and the runtime's", async () => {
  const { stdout } = await brine(["version"]);
  assert.match(stdout, /^brine \d+\.\d+\.\d+\n$/);
  assert.equal((await brine(["--version"])).stdout, stdout);
  const { version, wire, runtime } = JSON.parse((await brine(["version", "--json"])).stdout);
  assert.deepEqual([`brine ${version}\n`, typeof wire], [stdout, "number"]);
  assert.match(runtime, /^bun \d/);
});

test("brine call runs a function here, with no master", async () => {
  assert.equal((await brine(["call", "test.echo", "hi"])).stdout, "hi\n");
  const failed = await brine(["call", "cmd.run", "echo no; exit 4", "--json"]);
  const { return: text, retcode, success } = JSON.parse(failed.stdout);
  assert.deepEqual([failed.code, text, retcode, success], [1, "no", 4, false]);
  const { stdout } = await brine(["call", "grains.get", "kernel"]);
  assert.equal(stdout, "Linux\n");
});

test("global options stand before or after the command, and BRINE_ROOT stands for --root", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const env = { BRINE_ROOT: fleet.root };
  const root = fleet.root;
  for (
    const [words, surroundings] of [
      [["--json", "--root", root, "run", "*", "test.ping"], {}],
      [["run", "--root", root, "*", "--json", "test.ping"], {}],
      [["run", "*", "test.ping", "--json", `--root=${root}`], {}],
      [["run", "*", "test.ping", "--json"], { env }],
      [["run", "*", "--json", "--", "test.ping"], { env }],
      [["--root", root, "run", "*", "test.ping", "--json"], { env: { BRINE_ROOT: "/nowhere" } }],
      [["--root", "master", "run", "*", "test.ping", "--json"], { cwd: fleet.directory.path }],
    ] as const
  ) {
    const { stdout, stderr, code } = await brine(words, surroundings);
    assert.deepEqual([code, stderr], [0, ""], words.join(" "));
    assert.equal(JSON.parse(stdout).returns.m1.return, true);
  }
});

test("a pipe that closes early is no error, and a pipe gets no colours", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const shell = (script: string) =>
    spawnSync("bash", ["-c", script], { encoding: "utf8", env: { ...process.env, BRINE, ROOT: fleet.root } });
  const head = shell('"$BRINE" --root "$ROOT" run "*" cmd.run "seq 1 300000" --out txt | head -n 1');
  assert.deepEqual([head.stdout, head.stderr], ["m1: 1\n", ""]);
  assert.equal(shell('"$BRINE" --help | head -n 1').stderr, "");
  assert.ok(!shell('NO_COLOR= "$BRINE" --root "$ROOT" run "*" test.fail').stdout.includes("\x1b"));
});

test("a terminal gets colours unless NO_COLOR is set, and nothing that drives it", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const onTerminal = (noColour: string) => {
    const words = `"${BRINE}" --root "${fleet.root}" run "*" cmd.run "printf 'a\\033[2Jb'"`;
    const env = { ...process.env, NO_COLOR: noColour, TERM: "xterm" };
    return spawnSync("script", ["-qec", words, "/dev/null"], { encoding: "utf8", env }).stdout;
  };
  assert.ok(onTerminal("").includes("\x1b[32mm1\x1b[0m: a\\x1b[2Jb\r\n"));
  assert.match(onTerminal("1"), /^m1: a\\x1b\[2Jb\r\n1 of 1 answered/);
});

test("brine demo shows a first job and leaves nothing behind", async () => {
  using directory = new TemporaryDirectory();
  const { stdout, stderr, code } = await brine(["demo"], { env: { TMPDIR: directory.path } });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^-- a master is up \(process \d+\)\n-- accepted the keys of db1, web01, web02, \d+ ms after/);
  assert.match(stdout, /\ndb1,web\[01-02\] \(3\): hello from Linux \S+\n3 of 3 answered in .*\n$/);
  assert.deepEqual(readdirSync(directory.path), []);
  const pid = Number(/process (\d+)/.exec(stdout)?.[1]);
  assert.equal(isAlive(pid), false);
});
