/**
 * A fleet to measure: one master and real minion processes of the compiled file, on loopback, below one directory.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Brine, connect } from "../../mod.ts";
import { Daemons } from "./daemons.ts";
import { until } from "./measure.ts";

const START_LIMIT_MS = 120_000;

/** What a fleet is started with. */
export interface FleetOptions {
  /** The compiled file. */
  readonly executable: string;
  readonly directory: string;
  readonly minions: number;
  /** 0: the master is one process. */
  readonly workerThreads: number;
}

/** A master and its minions, all of whom answer. */
export interface Fleet extends AsyncDisposable {
  /** For `--root`. */
  readonly root: string;
  readonly minions: number;
  /** A warm session of the library. */
  readonly brine: Brine;
  readonly masterPid: number;
  readonly minionPids: readonly number[];
  /** From the start of the first minion until all had answered a ping: keys made, handshakes, grains and all. */
  readonly untilAllAnsweredMs: number;
}

/** Starts a fleet and waits until every minion has answered. */
export async function startFleet({ executable, directory, minions, workerThreads }: FleetOptions): Promise<Fleet> {
  mkdirSync(directory, { recursive: true });
  const daemons = new Daemons();
  try {
    const root = join(directory, "master");
    const ports = ["--interface", "127.0.0.1", "--publish-port", "0", "--ret-port", "0"];
    const master = daemons.start(
      [
        executable,
        "--root",
        root,
        "master",
        ...ports,
        "--worker-threads",
        `${workerThreads}`,
        "--insecure-auto-accept",
      ],
      join(directory, "master.log"),
    );
    const brine = await session(root);
    const startedAt = performance.now();
    const minionPids = Array.from({ length: minions }, (_, index) => {
      const id = `m${String(index + 1).padStart(2, "0")}`;
      const words = ["--root", join(directory, id), "minion", "--master", `127.0.0.1:${brine.port}`, "--id", id];
      return daemons.start([executable, ...words], join(directory, `${id}.log`)).pid;
    });
    await until(
      `sign of all ${minions} minions`,
      START_LIMIT_MS,
      async () => (await brine.minions()).filter(({ isUp }) => isUp).length === minions,
    );
    await ping(brine, minions);
    const untilAllAnsweredMs = performance.now() - startedAt;
    return {
      root,
      minions,
      brine,
      masterPid: master.pid,
      minionPids,
      untilAllAnsweredMs,
      async [Symbol.asyncDispose]() {
        await brine[Symbol.asyncDispose]();
        await daemons[Symbol.asyncDispose]();
      },
    };
  } catch (thrown) {
    await daemons[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** One job for everybody, to its end; throws unless exactly so many answer. */
export async function ping(brine: Brine, expected: number): Promise<void> {
  using job = await brine.run({ target: "*", function: "test.ping" });
  let answers = 0;
  for await (const { success } of job) if (success) answers++;
  if (answers !== expected) throw new Error(`Cannot measure: ${answers} of ${expected} minions answered ${job.jid}`);
}

async function session(root: string): Promise<Brine> {
  let brine: Brine | undefined;
  await until("master", START_LIMIT_MS, async () => {
    brine = await connect({ root }).catch(() => undefined);
    return brine !== undefined;
  });
  if (!brine) throw new Error("Cannot happen: there is a session");
  return brine;
}
