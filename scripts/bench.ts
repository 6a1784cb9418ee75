/**
 * `npm run bench`: Brine and its peers on this machine, in one run, as ratios. See docs/benchmarks.md.
 *
 *     bun scripts/bench.ts [--minions N] [--worker-threads N] [--quick] [--no-peers] [--brine FILE] [--json FILE]
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { measureBrine } from "./bench/brine.ts";
import { type Figures, partsNote, rowsOf, SALT_ELSEWHERE, saltElsewhere, together } from "./bench/figures.ts";
import { machineFacts, noise, noiseFact } from "./bench/machine.ts";
import { measureSshPeers } from "./bench/peers.ts";
import { formatReport, formatReportJson, type Report } from "./bench/report.ts";
import { isSaltInstalled, measureSalt } from "./bench/salt.ts";

/** The default of `worker_threads`. */
const TREE_THREADS = 5;

/** How often things are repeated. */
const THOROUGH = { times: 21, peerTimes: 11, slowTimes: 3, rounds: { rounds: 5, roundMs: 2_000 } };
const QUICK = { times: 10, peerTimes: 3, slowTimes: 1, rounds: { rounds: 3, roundMs: 500 } };

const { values: options } = parseArgs({
  options: {
    minions: { type: "string", default: "50" },
    "worker-threads": { type: "string", default: "0" },
    quick: { type: "boolean", default: false },
    "no-peers": { type: "boolean", default: false },
    brine: { type: "string", default: join(import.meta.dirname ?? "", "../dist/brine") },
    json: { type: "string" },
  },
});

const directory = mkdtempSync(join(tmpdir(), "brine-bench-"));
try {
  const report = await measure();
  process.stdout.write(formatReport(report));
  if (options.json !== undefined) writeFileSync(options.json, formatReportJson(report));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function measure(): Promise<Report> {
  const executable = resolve(options.brine);
  const minions = Number(options.minions);
  if (!Number.isInteger(minions) || minions < 1 || minions > 200) {
    throw new RangeError(`Cannot measure "${options.minions}" minions: it takes 1 to 200`);
  }
  const workerThreads = Number(options["worker-threads"]);
  const plan = options.quick ? QUICK : THOROUGH;
  const quiet = noise();
  const facts = machineFacts(executable);
  const brine = (pass: string, threads = workerThreads) => {
    say(`Brine, 1 and ${minions} minions, the ${pass} pass`);
    return measureBrine({ executable, directory: join(directory, pass), minions, workerThreads: threads, ...plan });
  };
  const before = await brine("first");

  const peers: Record<string, Figures> = {};
  const notes: string[] = [];
  if (workerThreads === 0) {
    const tree = await brine("tree", TREE_THREADS);
    peers["Brine, 13 processes"] = tree;
    notes.push(partsNote(tree));
  }
  if (!options["no-peers"]) {
    const ssh = await measureSshPeers({ directory: join(directory, "ssh"), machines: minions, ...plan, say });
    Object.assign(peers, ssh.figures);
    facts.push(...ssh.facts);
    notes.push(...ssh.notes);
    if (isSaltInstalled()) {
      say("Salt");
      peers["Salt"] = await measureSalt({ directory: join(directory, "salt"), minions, times: plan.peerTimes });
    }
  }
  if (!peers["Salt"]) {
    peers[SALT_ELSEWHERE.column] = saltElsewhere(minions);
    notes.push(SALT_ELSEWHERE.note);
  }
  // Once more after the peers: what else the machine did in between shows as a wide range, not as a better peer.
  const figures = together(before, await brine("second"));
  facts.push(["master", `--worker-threads ${workerThreads}`]);
  facts.push(noiseFact(quiet, noise()));
  return { facts, rows: rowsOf(minions, figures, peers), notes };
}

function say(what: string): void {
  process.stderr.write(`measuring ${what} …\n`);
}
