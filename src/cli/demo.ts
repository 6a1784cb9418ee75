/**
 * `brine demo`: a master and three minions on this machine, each a process of its own, with real keys over real
 * sockets on loopback, and a first job. Everything lives in one temporary directory and is gone afterwards.
 *
 * @module
 */
import type { Command } from "commander";
import { connect } from "../client/connect.ts";
import type { Brine } from "../client/brine.ts";
import { reasonOf } from "../core/errors.ts";
import { formatDuration } from "../output/duration.ts";
import { type SelfChild, startSelf } from "../runtime/child.ts";
import { join, makeTemporaryDirectory, removePath, systemTemporaryDirectory } from "../runtime/files.ts";
import { onSignals } from "../runtime/process.ts";
import { writeOut } from "../runtime/terminal.ts";
import { EXIT } from "./exit_codes.ts";
import { exitCodeOfRun, printSummary } from "./follow.ts";

const MINIONS = ["web01", "web02", "db1"];
const COMMAND = 'echo "hello from $(uname -s) $(uname -m)"';
const START_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 20;

/** Runs the demo. */
export async function demoCommand(_own: unknown, command: Command): Promise<number> {
  const { hold } = command.optsWithGlobals<{ hold?: boolean }>();
  const interrupted = Promise.withResolvers<typeof EXIT.interrupted>();
  using _signals = onSignals(["SIGINT", "SIGTERM"], () => interrupted.resolve(EXIT.interrupted));
  const directory = makeTemporaryDirectory(systemTemporaryDirectory(), "brine-demo-");
  try {
    await using children = new Children(); // ended before the directory goes, whichever way this ends
    const code = await Promise.race([firstJob(directory, children), interrupted.promise]);
    if (!hold || code === EXIT.interrupted) return code;
    const root = join(directory, "master");
    say(`they run until you press Ctrl-C; in another terminal: brine --root ${root} run '*' test.ping`);
    await interrupted.promise;
    return code;
  } finally {
    removePath(directory);
  }
}

async function firstJob(directory: string, children: Children): Promise<number> {
  const startedAt = performance.now();
  const root = join(directory, "master");
  const ports = ["--interface", "127.0.0.1", "--publish-port", "0", "--ret-port", "0", "--worker-threads", "0"];
  const master = children.start(["--root", root, "master", ...ports]);
  await using brine = await whenReady("the master", master, () => connect({ root }));
  say(`a master is up (process ${master.pid})`);

  for (const id of MINIONS) {
    const address = `127.0.0.1:${brine.port}`;
    children.start(["--root", join(directory, id), "minion", "--master", address, "--id", id]);
  }
  await whenReady("the minions", master, () => allPending(brine));
  const accepted = await brine.changeKeys("accept", ["*"]);
  say(`accepted the keys of ${accepted.join(", ")}, ${formatDuration(performance.now() - startedAt)} after the start`);

  say(`brine run '*' cmd.run '${COMMAND}'`);
  using job = await brine.run({ target: "*", function: "cmd.run", arguments: [COMMAND] });
  for await (const _answer of job) { /* the summary below says it all */ }
  const summary = job.summary();
  await printSummary(summary, {});
  return exitCodeOfRun(summary);
}

async function allPending(brine: Brine): Promise<true> {
  const { minions } = await brine.keys();
  if (minions.pending.length < MINIONS.length) {
    throw new Error(`${minions.pending.length} of ${MINIONS.length} are there`);
  }
  return true;
}

/** The demo's processes: ended together, last to first. */
class Children implements AsyncDisposable {
  readonly #children: SelfChild[] = [];

  start(args: readonly string[]): SelfChild {
    const child = startSelf(args);
    this.#children.push(child);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.toReversed()) await child[Symbol.asyncDispose]();
  }
}

/** What `attempt` gives once it no longer throws; an error when the child has ended or time is up. */
async function whenReady<T>(what: string, child: SelfChild, attempt: () => Promise<T>): Promise<T> {
  let end: number | string | undefined;
  void child.ended.then((result) => end = result);
  for (const deadline = performance.now() + START_LIMIT_MS;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (end !== undefined) {
        throw new Error(`Cannot start ${what}: it ended with ${end}: ${child.errors()}`, { cause });
      }
      if (performance.now() > deadline) throw new Error(`Cannot start ${what}: ${reasonOf(cause)}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function say(text: string): void {
  writeOut(`-- ${text}\n`);
}
