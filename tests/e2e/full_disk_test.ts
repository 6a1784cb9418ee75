import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { brine, BrineProcess, TemporaryDirectory } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

/** A file system of its own, so that nobody else's disk is filled. */
class SmallDisk implements Disposable {
  readonly #path: string;

  constructor(path: string, size: string) {
    mkdirSync(path, { recursive: true });
    this.#path = path;
    assert.equal(mount("-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path), 0);
  }

  grow(size: string): void {
    assert.equal(mount("-o", `remount,size=${size}`, this.#path), 0);
  }

  [Symbol.dispose](): void {
    spawnSync("umount", ["-l", this.#path]);
  }
}

function mount(...words: readonly string[]): number | null {
  return spawnSync("mount", words).status;
}

function whyNot(): string | false {
  using directory = new TemporaryDirectory();
  const can = mount("-t", "tmpfs", "tmpfs", directory.path) === 0;
  if (can) spawnSync("umount", [directory.path]);
  return can ? false : "nothing can be mounted here";
}

test("a master whose disk is full loses no return: it says so, and takes them when there is room again", {
  skip: whyNot(),
  timeoutMs: 60_000,
}, async () => {
  using directory = new TemporaryDirectory();
  const root = directory.join("master");
  using disk = new SmallDisk(`${root}/var/lib`, "6m");
  const ports = ["--interface", "127.0.0.1", "--publish-port", "0", "--ret-port", "0"];
  await using master = new BrineProcess(["--root", root, "master", ...ports]);
  const [, port] = await master.says(/listening on 127\.0\.0\.1:(\d+)/);
  await master.says(/brine master is ready/);
  const minionRoot = directory.join("m1");
  await using minion = new BrineProcess([
    "--root",
    minionRoot,
    "minion",
    "--master",
    `127.0.0.1:${port}`,
    "--id",
    "m1",
  ]);
  await minion.says(/is pending/);
  await brine(["--root", root, "key", "accept", "m1"]);
  await minion.says(/hearing jobs/);

  const fill = "head -c 12000000 /dev/zero | tr '\\0' x";
  const { code, stdout } = await brine(["--root", root, "run", "m1", "cmd.run", fill, "--json", "-t", "2"]);
  assert.equal(code, 3);
  await master.says(/Cannot store .* full/);
  const { jid } = JSON.parse(stdout);

  disk.grow("200m");
  const length = await until("the return", async () => {
    const shown = await brine(["--root", root, "jobs", "show", jid, "--json"]);
    return JSON.parse(shown.stdout).returns.m1?.return.length;
  }, 40_000);
  assert.equal(length, 12_000_000);
});
