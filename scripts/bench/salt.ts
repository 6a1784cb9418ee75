/**
 * Salt beside Brine, where `salt`, `salt-master` and `salt-minion` are on the PATH: one master with its five workers
 * and real minion processes, all below one directory and on loopback, keys accepted automatically.
 *
 * NOT YET RUN: no machine of ours could install Salt from a package. It follows Salt's manual and fails loudly.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemons } from "./daemons.ts";
import type { Figures } from "./figures.ts";
import { rateOf, runCommand, sampleOf, timeCommand, until } from "./measure.ts";
import { findProgram } from "./program.ts";
import { memoryOfTree } from "./process_tree.ts";

const START_LIMIT_MS = 300_000;

const ENVIRONMENT = { PYTHONDONTWRITEBYTECODE: undefined };

/** Whether all three programs are there. */
export function isSaltInstalled(): boolean {
  return ["salt", "salt-master", "salt-minion"].every((program) => findProgram(program) !== undefined);
}

/** Measures one minion, then `minions` of them. */
export async function measureSalt(
  { directory, minions, times }: { directory: string; minions: number; times: number },
): Promise<Figures> {
  const one = await withSalt(join(directory, "one"), 1, async (salt) => ({
    one: timeCommand([...salt, "*", "test.ping"], { times, environment: ENVIRONMENT }),
    jobs: await rateOf(() => void runCommand([...salt, "*", "test.ping"], ENVIRONMENT), { rounds: 3, roundMs: 5_000 }),
    version: timeCommand(["salt", "--version"], { times, environment: ENVIRONMENT }),
  }));
  const many = await withSalt(join(directory, "many"), minions, (salt, { masterPid, minionPids, startMs }) => {
    const timed = timeCommand([...salt, "*", "test.ping"], { times, environment: ENVIRONMENT });
    const master = memoryOfTree(masterPid);
    const each = minionPids.map(memoryOfTree).filter((found) => found !== undefined);
    const ofMaster = master && { masterRss: sampleOf([master.rss]), masterPss: sampleOf([master.pss]) };
    return Promise.resolve({
      many: timed,
      start: sampleOf([startMs]),
      ...ofMaster,
      minionRss: sampleOf(each.map(({ rss }) => rss)),
      minionPss: sampleOf(each.map(({ pss }) => pss)),
    });
  });
  return { ...one, ...many };
}

interface Running {
  readonly masterPid: number;
  readonly minionPids: readonly number[];
  readonly startMs: number;
}

async function withSalt<T>(
  directory: string,
  minions: number,
  work: (salt: readonly string[], running: Running) => Promise<T>,
): Promise<T> {
  await using daemons = new Daemons();
  const master = join(directory, "master");
  configure(master, "master", ["interface: 127.0.0.1", "auto_accept: True", "publish_port: 24505", "ret_port: 24506"]);
  const startedAt = performance.now();
  const { pid: masterPid } = daemons.start(["salt-master", "-c", master], join(directory, "master.log"));
  const minionPids = Array.from({ length: minions }, (_, index) => {
    const id = `m${index + 1}`;
    const home = join(directory, id);
    configure(home, "minion", ["master: 127.0.0.1", "master_port: 24506", `id: ${id}`]);
    return daemons.start(["salt-minion", "-c", home], join(directory, `${id}.log`)).pid;
  });
  const salt = ["salt", "-c", master];
  await until("answer of all Salt minions", START_LIMIT_MS, () => answersOf(salt) === minions);
  return await work(salt, { masterPid, minionPids, startMs: performance.now() - startedAt });
}

function configure(home: string, role: "master" | "minion", lines: readonly string[]): void {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, role), [`root_dir: ${home}`, ...lines].join("\n") + "\n");
}

function answersOf(salt: readonly string[]): number {
  try {
    return runCommand([...salt, "*", "test.ping", "--out", "txt"], ENVIRONMENT).match(/: True$/gm)?.length ?? 0;
  } catch {
    return 0; // nobody there yet
  }
}
