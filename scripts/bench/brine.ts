/**
 * Brine's own figures, from the compiled file and from the library.
 *
 * @module
 */
import { join } from "node:path";
import { connect } from "../../mod.ts";
import type { Figures } from "./figures.ts";
import { type Fleet, ping, startFleet } from "./fleet.ts";
import { memoryOfTree, partsOfTree } from "./process_tree.ts";
import { type Memory, memoryOf, rateOf, runCommand, type Sample, sampleOf, timeCommand } from "./measure.ts";

/** Jobs in one round of the warm client. */
const WARM_JOBS = 50;

/** How thorough to be. */
export interface BrineOptions {
  readonly executable: string;
  readonly directory: string;
  readonly minions: number;
  /** 0: the master is one process. */
  readonly workerThreads: number;
  /** Repetitions of a command. */
  readonly times: number;
  readonly rounds: { readonly rounds: number; readonly roundMs: number };
}

/** Measures one minion, then all of them. */
export async function measureBrine(options: BrineOptions): Promise<Figures> {
  const { executable, directory, minions, workerThreads, times } = options;
  const version = timeCommand([executable, "version"], { times });
  const alone = await measureOne(options);
  await using fleet = await startFleet({ executable, workerThreads, directory: join(directory, "many"), minions });
  const many = timeCommand(pingCommand(executable, fleet), { times, warmUps: 3 });
  return { version, ...alone, many, start: sampleOf([fleet.untilAllAnsweredMs]), ...memory(fleet) };
}

async function measureOne({ executable, directory, workerThreads, times, rounds }: BrineOptions): Promise<Figures> {
  await using fleet = await startFleet({ executable, workerThreads, directory: join(directory, "one"), minions: 1 });
  const command = pingCommand(executable, fleet);
  const one = timeCommand(command, { times, warmUps: 3 });
  const jobs = await rateOf(() => void runCommand(command), rounds);
  const warmJobs = await warmRate(fleet, rounds);
  return { one, jobs, warmJobs };
}

/** Jobs one after the other over one session, a fresh one for each round. */
async function warmRate({ root }: Fleet, { rounds }: BrineOptions["rounds"]): Promise<Sample> {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await using brine = await connect({ root });
    await ping(brine, 1); // not counted
    const startedAt = performance.now();
    for (let job = 0; job < WARM_JOBS; job++) await ping(brine, 1);
    rates.push((WARM_JOBS * 1_000) / (performance.now() - startedAt));
  }
  return sampleOf(rates);
}

function pingCommand(executable: string, { root }: Fleet): string[] {
  return [executable, "--root", root, "run", "*", "test.ping"];
}

/** After the jobs that were timed: what a fleet at work holds, not one that has just started. */
function memory({ masterPid, minionPids }: Fleet): Figures {
  const master = memoryOfTree(masterPid);
  const each = minionPids.map(memoryOf).filter((found) => found !== undefined);
  if (!master || each.length === 0) return {};
  return {
    masterParts: partsOfTree(masterPid),
    masterRss: sampleOf([master.rss]),
    masterPss: sampleOf([master.pss]),
    minionRss: meanOf(each, "rss"),
    minionPss: meanOf(each, "pss"),
  };
}

/** The mean, where other figures have their median: it is what a host pays for each of many. */
function meanOf(each: readonly Memory[], field: keyof Memory) {
  const values = each.map((memory) => memory[field]);
  return { ...sampleOf(values), median: values.reduce((sum, value) => sum + value, 0) / values.length };
}
