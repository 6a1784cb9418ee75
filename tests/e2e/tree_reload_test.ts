/**
 * What a running master does when it is told: SIGHUP reads its configuration again, SIGUSR1 begins a new log file.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { brine, BrineProcess, Fleet, TemporaryDirectory } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { killAndAwait, roleOf, treeOf } from "../kit/tree.ts";
import { until } from "../kit/until.ts";

const BUN = fileURLToPath(new URL("../../node_modules/.bin/bun", import.meta.url));
const WRITER = fileURLToPath(new URL("../kit/log_writer.ts", import.meta.url));

for (const workers of [2, 0]) {
  const what = workers === 0 ? "one process" : "the tree";
  test(`SIGHUP takes what can be taken, names what cannot, and keeps the old when the file is broken (${what})`, {
    timeoutMs: 60_000,
  }, async () => {
    using directory = new TemporaryDirectory();
    const config = directory.join("master.yaml");
    const hooked = directory.join("hooked");
    writeFileSync(config, "nodegroups: { old: m1 }\n");
    await using fleet = await Fleet.start({
      minions: ["m1", "m2"],
      master: ["--config", config, "--worker-threads", String(workers)],
    });
    const { master } = fleet;
    const hup = async (text: string, answer: RegExp) => {
      writeFileSync(config, text);
      master.kill("SIGHUP");
      await master.says(answer);
    };
    const before = treeOf(master.pid);
    const reaction = `[{ tag: brine/job/*/new, actions: [{ command: [touch, ${hooked}] }] }]`;
    await hup(
      `nodegroups: { new: m2 }\nlog_level: debug\nreactor: ${reaction}\nloop_interval: 7\n`,
      /read again; changed: nodegroups, reactor, log_level; needs a restart: loop_interval\n/,
    );
    // Each worker in its turn, whichever takes the request.
    for (let i = 0; i < 2 + workers; i++) {
      await until("the new nodegroup", async () => {
        const { stdout } = await fleet.run("run", "-N", "new", "test.ping", "--preview");
        return stdout === "m2 (1)\n";
      });
    }
    assert.equal((await fleet.run("run", "-N", "old", "test.ping")).code, 2);
    await until("the new reaction", async () => {
      await fleet.run("run", "m1", "test.ping");
      return existsSync(hooked);
    });
    assert.doesNotMatch(master.stderr, /is started again/);
    for (const { name, pid } of before.values()) {
      if (name !== "Reactor") assert.equal(treeOf(master.pid).get(name)?.pid, pid, name);
    }

    await hup("nodegroups: [\n", /brine master: Cannot load .*master\.yaml.*; the old one stays\n/);
    await hup(
      "publish_prot: 1\nworker_threads: x\n",
      /Cannot load .*publish_prot.*worker_threads.*; the old one stays\n/,
    );
    assert.equal((await fleet.run("run", "-N", "new", "test.ping")).code, 0);
    assert.equal(master.hasEnded, false);
    if (workers > 0) {
      await killAndAwait(master.pid, "MWorker-0"); // a role that comes back has the new one too
      await killAndAwait(master.pid, "MWorker-1");
      assert.equal((await fleet.run("run", "-N", "new", "test.ping")).code, 0);
    }
  });
}

/** A master that writes its log to a file, with what the tests need of it. */
async function masterWithLog(directory: TemporaryDirectory, settings: string) {
  const [config, log] = [directory.join("master.yaml"), directory.join("master.log")];
  writeFileSync(config, `log_file: ${log}\n${settings}`);
  const root = directory.make("root");
  const ports = ["--publish-port", "0", "--ret-port", "0", "--worker-threads", "2"];
  const master = new BrineProcess(["--root", root, "--config", config, "master", "--interface", "127.0.0.1", ...ports]);
  await master.says(/brine master is ready/);
  const sockets = join(root, "run/brine", `roles.${master.pid}`);
  const writeAs = (source: string, count: number, end: "kill" | "exit") => {
    return new Promise<void>((resolve, reject) => {
      const child = spawn(BUN, [WRITER, sockets, source, String(count), end], { stdio: "inherit" });
      child.on(
        "close",
        (code, signal) => code === 0 || signal === "SIGKILL" ? resolve() : reject(new Error(`${code}`)),
      );
    });
  };
  return { master, log, root, writeAs };
}

/** The numbers that each of the writers put at the beginning of its records, in the order of the file. */
function numbersOf(records: readonly { source: string; text: string }[], source: string): number[] {
  return records.filter((record) => record.source === source).map(({ text }) => Number.parseInt(text));
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

test(
  "all roles write JSON lines to one file; SIGUSR1 begins a new one; no line is lost or torn, also of a role killed with -9",
  {
    timeoutMs: 60_000,
  },
  async () => {
    using directory = new TemporaryDirectory();
    const { master, log, root, writeAs } = await masterWithLog(directory, "log_format: json\nlog_level: debug\n");
    await using _master = master;
    const writers = [writeAs("a", 20_000, "exit"), writeAs("b", 20_000, "exit"), writeAs("c", 200, "kill")];
    const files: string[] = [];
    const rotate = async () => {
      files.push(`${log}.${files.length}.old`);
      renameSync(log, files.at(-1) ?? "");
      master.kill("SIGUSR1"); // as logrotate does, with the number that the user knows
      await until("a new file", () => existsSync(log));
    };
    const roles = treeOf(master.pid);
    await rotate();
    process.kill(roleOf(master.pid, "MWorker-0").pid, "SIGUSR1"); // as `killall -USR1 brine` does
    await rotate();
    await Promise.all(writers);
    await rotate();
    await killAndAwait(master.pid, "MWorker-1");
    assert.equal((await brine(["--root", root, "minions"])).code, 0);
    assert.equal(treeOf(master.pid).get("MWorker-0")?.pid, roles.get("MWorker-0")?.pid);
    await writeAs("d", 3, "exit");
    master.kill("SIGTERM");
    assert.equal((await master.ended).code, 0);

    const records = [...files, log].flatMap((path) => {
      return readFileSync(path, "utf8").trimEnd().split("\n").filter((line) => line !== "").map((line) =>
        JSON.parse(line)
      );
    });
    for (const [source, count] of [["a", 20_000], ["b", 20_000], ["c", 200], ["d", 3]] as const) {
      assert.deepEqual(numbersOf(records, source), upTo(count), source);
    }
    const texts = records.map(({ source, text }) => `${source}: ${text}`);
    for (
      const line of [/^MWorkerQueue: listening/, /^ZeroMQPub.*: publishing/, /^ReqServer_.*MWorker-1 is started again/]
    ) {
      assert.equal(texts.filter((text) => line.test(text)).length, 1, String(line));
    }
    assert.equal((statSync(log).mode & 0o777).toString(8), "600");
    assert.equal(master.stderr, "brine master is ready\n", "with a log file, stderr is for what concerns the start");
  },
);

test("a log file of log_max_bytes is put aside as NAME.1, whole lines each", async () => {
  using directory = new TemporaryDirectory();
  const { master, log, writeAs } = await masterWithLog(directory, "log_max_bytes: 50000\n");
  await using _master = master;
  await writeAs("a", 5_000, "exit");
  await until("the last record", () => existsSync(log) && readFileSync(log, "utf8").includes(" a: 5000 "));
  const both = [`${log}.1`, log].map((path) => readFileSync(path, "utf8"));
  for (const text of both) assert.ok(text.length < 50_200 && text.endsWith("\n"), String(text.length));
  const numbers = both.join("").trimEnd().split("\n").map((line) => Number(/ a: (\d+) x+$/.exec(line)?.[1]));
  assert.deepEqual(numbers, upTo(5_000).slice(-numbers.length));
});

test("a log file that cannot be written costs records, which are counted, and nothing else", async () => {
  using directory = new TemporaryDirectory();
  const { master, log, root, writeAs } = await masterWithLog(directory, "log_max_bytes: 20000\n");
  await using _master = master;
  mkdirSync(join(`${log}.1`, "in the way"), { recursive: true }); // so that it cannot be put aside
  await writeAs("a", 1_000, "exit");
  await master.says(/brine: Cannot write log .*master\.log: /);
  assert.equal((await brine(["--root", root, "minions"])).code, 0);
  rmSync(`${log}.1`, { recursive: true });
  await writeAs("b", 1, "exit");
  await until(
    "the account",
    () => /MultiprocessingLoggingQueue: \d+ records were lost before this\n/.test(readFileSync(log, "utf8")),
  );
  assert.equal(master.stderr.split("Cannot write log").length, 2, "it is said once");
  assert.doesNotMatch(readFileSync(log, "utf8"), /is started again/);
});
