/**
 * What an administrator sees of the tree: thirteen names in `ps`, a directory that only its owner may enter, and one
 * clear line when it cannot start.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { BRINE, BrineProcess, Fleet, TemporaryDirectory } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { killAndAwait, readCommandLine, treeOf, untilGone } from "../kit/tree.ts";
import { until } from "../kit/until.ts";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const canBeNobody = process.getuid?.() === 0 && spawnSync(NOBODY[0] ?? "", ["--version"]).status === 0;

test("ps shows the thirteen processes of the tree by name, and the workers below ReqServer_ProcessManager", async () => {
  await using fleet = await Fleet.start();
  const tree = treeOf(fleet.master.pid);
  const parents = Object.fromEntries(
    [...tree.values()].map(({ name, parentPid }) => {
      return [name, [...tree.values()].find(({ pid }) => pid === parentPid)?.name ?? ""];
    }),
  );
  const [top, front] = ["ProcessManager", "ReqServer_ProcessManager"];
  assert.deepEqual(parents, {
    ProcessManager: "",
    MultiprocessingLoggingQueue: top,
    ZeroMQPubServerChannel: top,
    EventPublisher: top,
    Maintenance: top,
    Reactor: top,
    ReqServer_ProcessManager: top,
    MWorkerQueue: front,
    "MWorker-0": front,
    "MWorker-1": front,
    "MWorker-2": front,
    "MWorker-3": front,
    "MWorker-4": front,
  });
  assert.equal(tree.get("ProcessManager")?.pid, fleet.master.pid, "it is the process that the user started");
  for (const { name, pid } of tree.values()) {
    const environment = Object.keys(parseEnvironment(pid));
    assert.ok(!environment.includes("BRINE_TOKEN"), name);
  }
});

function parseEnvironment(pid: number): Record<string, string> {
  const { stdout } = spawnSync("cat", [`/proc/${pid}/environ`], { encoding: "utf8" });
  return Object.fromEntries(stdout.split("\0").map((pair) => [pair.split("=")[0] ?? "", pair]));
}

for (const runtime of ["bun", "deno"] as const) {
  test(`ps shows the roles by name under ${runtime} too`, async () => {
    using directory = new TemporaryDirectory();
    const words = runtime === "bun" ? ["bun"] : ["deno", "run", "-A", "--quiet"];
    const [program = "", ...more] = words;
    const command = [`${REPOSITORY}node_modules/.bin/${program}`, ...more, `${REPOSITORY}cli.ts`];
    const ports = ["--publish-port", "0", "--ret-port", "0", "--worker-threads", "1"];
    // The kit puts the executable behind these words; here the script takes its place.
    const script = ["--root", directory.path, "master", "--interface", "127.0.0.1", ...ports];
    await using master = new BrineProcess([], { through: ["sh", "-c", `exec ${[...command, ...script].join(" ")}`] });
    await master.says(/brine master is ready/, 20_000);
    const tree = treeOf(master.pid);
    assert.deepEqual([...tree.keys()].sort(), [
      "EventPublisher",
      "MWorker-0",
      "MWorkerQueue",
      "Maintenance",
      "MultiprocessingLoggingQueue",
      "ProcessManager",
      "Reactor",
      "ReqServer_ProcessManager",
      "ZeroMQPubServerChannel",
    ]);
    master.kill("SIGTERM");
    assert.equal((await master.ended).code, 0);
    await untilGone(tree);
  });
}

test("another local user cannot connect to the tree's sockets", {
  skip: !canBeNobody && "only root can become nobody with setpriv",
}, async () => {
  await using fleet = await Fleet.start({ master: ["--worker-threads", "1"] });
  const run = join(fleet.root, "run/brine");
  const roles = join(run, readdirSync(run).find((name) => name.startsWith("roles.")) ?? "");
  const names = readdirSync(roles).sort();
  assert.deepEqual(names, ["events", "log", "publisher", "queue"]);
  assert.equal(statSync(roles).mode & 0o777, 0o700);
  for (const name of names) assert.equal(statSync(join(roles, name)).mode & 0o777, 0o600, name);
  // The compiled file is a whole Bun, for whoever asks it to be.
  const script = `const { connect } = require("node:net");
    connect(process.argv.at(-1)).on("connect", () => process.exit(42)).on("error", ({ code }) => console.log(code))`;
  const connectAs = (words: readonly string[], path: string) => {
    const [program = "", ...more] = [...words, BRINE, "-e", script, path];
    const { status, stdout } = spawnSync(program, more, { encoding: "utf8", env: { BUN_BE_BUN: "1" }, cwd: "/" });
    return status === 42 ? "connected" : stdout.trim();
  };
  // The directories above are closed too; each fence must hold by itself.
  for (let above = run; above.startsWith(fleet.directory.path); above = dirname(above)) chmodSync(above, 0o711);
  assert.equal(connectAs([], join(roles, "queue")), "connected");
  assert.equal(connectAs(NOBODY, join(roles, "queue")), "EACCES");
  chmodSync(roles, 0o711);
  for (const name of names) assert.equal(connectAs(NOBODY, join(roles, name)), "EACCES", name);
});

test("a role that cannot start ends the master with one line and its exit code, and nothing is left", async () => {
  for (const key of ["publish-port", "ret-port"]) {
    using directory = new TemporaryDirectory();
    const occupant = createServer();
    await new Promise<void>((resolve) => occupant.listen(0, "127.0.0.1", resolve));
    const address = occupant.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const ports = { "publish-port": 0, "ret-port": 0, [key]: port };
    const words = Object.entries(ports).flatMap(([name, value]) => [`--${name}`, String(value)]);
    await using master = new BrineProcess(["--root", directory.path, "master", "--interface", "127.0.0.1", ...words]);
    const tree = await until("roles", () => {
      const now = treeOf(master.pid);
      return (now.size > 4 || master.hasEnded) && now;
    });
    const { code, signal, stderr } = await master.ended;
    assert.deepEqual([code, signal], [1, undefined], stderr);
    const own = stderr.split("\n").filter((line) => line.startsWith("brine:"));
    assert.equal(own.length, 1, stderr);
    assert.match(own[0] ?? "", new RegExp(`^brine: Cannot listen on 127\\.0\\.0\\.1:${port}: .*in use`));
    assert.doesNotMatch(stderr, /is started again|is ready|at .*\.ts:/);
    await untilGone(tree);
    assert.deepEqual(readdirSync(directory.join("run/brine")), []);
    occupant.close();
  }
});

test("a second master on the same root is refused, and the first one does not notice", async () => {
  await using fleet = await Fleet.start({ master: ["--worker-threads", "1"] });
  const words = ["--root", fleet.root, "master", "--interface", "127.0.0.1", "--publish-port", "0", "--ret-port", "0"];
  await using second = new BrineProcess(words);
  const { code, stderr } = await second.ended;
  assert.equal(code, 2);
  assert.match(stderr, /^brine: Cannot start master: one is running here already, as process \d+ .*\n$/);
  await killAndAwait(fleet.master.pid, "MWorker-0"); // finds the sockets where they were
  assert.equal((await fleet.run("minions")).code, 0);
});

test("the words of the user who starts the master arrive, whatever they hold", async () => {
  using directory = new TemporaryDirectory();
  const root = directory.make("a dir with 'quotes', \"more\" and ünïcode");
  const words = ["--root", root, "master", "--interface", "127.0.0.1", "--publish-port", "0", "--ret-port", "0"];
  await using master = new BrineProcess([...words, "--worker-threads", "1"], { env: { CANARY: "a=b\nc" } });
  await master.says(/brine master is ready/);
  assert.deepEqual(readCommandLine(master.pid), ["brine master ProcessManager", ""]);
  assert.match(parseEnvironment(master.pid)["CANARY"] ?? "", /^CANARY=a=b\nc$/);
  assert.ok(BRINE.length > 0);
});
