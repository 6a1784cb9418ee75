/**
 * `cmd.run` through the whole system: its parameters, its time limit, bytes that are no text, and a great many of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Fleet, isAlive } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

const MIB = 1024 * 1024;

test("cmd.run takes cwd, env, stdin, shell, runas, a list, and words that only look like parameters", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const says = async (...words: string[]) => {
    const { stdout } = await fleet.run("--json", "run", "m1", "cmd.run", ...words);
    return JSON.parse(stdout).returns.m1.return;
  };
  assert.equal(await says("pwd", "cwd=/usr"), "/usr");
  assert.equal(await says("echo $COLOUR$SIZE", "env=COLOUR=red", "env=SIZE=9"), "red9");
  assert.equal(await says("tr a-z A-Z", "stdin=quiet"), "QUIET");
  assert.equal(await says("echo $0", "shell=/bin/bash"), "/bin/bash");
  assert.equal(await says("id -un", "runas=nobody"), "nobody");
  assert.equal(await says("WORD=value; echo $WORD"), "value");
  assert.equal(await says("A=1 env | grep ^A="), "A=1");
  assert.equal(await says("--", "ls"), await says("ls"));
  assert.equal(await says("printf 'ä€😀'"), "ä€😀");
  assert.equal(await says("--", "echo -n --json"), "--json");
  const { stdout } = await fleet.run("run", "m1", "cmd.run_all", "echo out; echo err >&2; exit 3", "--json");
  const { pid, ...rest } = JSON.parse(stdout).returns.m1.return;
  assert.deepEqual(rest, { retcode: 3, stdout: "out", stderr: "err" });
  assert.ok(pid > 1);
});

test("cmd.run kills the whole process group at its time limit", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const pids = fleet.directory.join("pids");
  const command =
    `echo $$ > ${pids}; (sleep 60 & echo $! >> ${pids}; wait) & sleep 61 & echo $! >> ${pids}; echo begun; wait`;
  const { stdout, code } = await fleet.run("run", "m1", "cmd.run", command, "timeout=0.5", "--json");
  const answer = JSON.parse(stdout).returns.m1;
  assert.deepEqual([code, answer.retcode], [1, 124]);
  assert.match(answer.return, /^begun\ntimed out after 0\.5 s and was killed, with its whole process group$/);
  const started = readFileSync(pids, "utf8").trim().split("\n").map(Number);
  assert.equal(started.length, 3);
  await until("the end of the whole group", () => started.every((pid) => !isAlive(pid)), 3_000);
});

test("bytes that are no text, and 64 MiB of them, arrive whole", { timeoutMs: 60_000 }, async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const binary = await fleet.run("run", "m1", "cmd.run", "printf '\\377\\000\\001'", "--json");
  assert.deepEqual(JSON.parse(binary.stdout).returns.m1.return, { base64: "/wAB" });
  assert.match(
    (await fleet.run("run", "m1", "cmd.run", "printf '\\377\\000\\001'")).stdout,
    /^m1: <3 bytes of binary data>\n/,
  );

  const startedAt = performance.now();
  const source = "head -c 67108864 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null";
  const { stdout, code } = await fleet.run("run", "m1", "cmd.run", source, "--json");
  assert.equal(code, 0);
  const { base64 } = JSON.parse(stdout).returns.m1.return;
  const bytes = Buffer.from(base64, "base64");
  assert.equal(bytes.length, 64 * MIB);
  const sum = await fleet.run("run", "m1", "cmd.run", `${source} | sha256sum`, "--out", "txt");
  assert.equal(sum.stdout, `m1: ${createHash("sha256").update(bytes).digest("hex")}  -\n`);
  assert.ok(performance.now() - startedAt < 40_000, `it took ${Math.round(performance.now() - startedAt)} ms`);
});
