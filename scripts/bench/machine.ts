/**
 * The machine that was measured on, and how busy it was with other things.
 *
 * @module
 */
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { runCommand, type Sample, timeCommand } from "./measure.ts";

/** What it is. */
export function machineFacts(executable: string): [string, string][] {
  const cores = cpus();
  return [
    ["date", new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC"],
    ["machine", `${cores.length} × ${cores[0]?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB`],
    ["system", `${type()} ${release()}`],
    ["Brine", runCommand([executable, "version", "--json"]).trim()],
  ];
}

/** How long nothing takes: start and exit of `true`. Its spread is that of all figures here. */
export function noise(): Sample {
  return timeCommand(["true"], { times: 50 });
}

/** One line on both, before and after. */
export function noiseFact(before: Sample, after: Sample): [string, string] {
  const text = ({ median, min, max }: Sample) => `${median.toFixed(1)} ms (${min.toFixed(1)}–${max.toFixed(1)})`;
  const load = loadavg().map((value) => value.toFixed(1)).join(" ");
  return ["noise", `start and exit of \`true\`: ${text(before)} before, ${text(after)} after; load ${load} at the end`];
}
