/** `brine run`. @module */
import type { Command } from "commander";
import type { Brine } from "../client/brine.ts";
import { parseDurationMs } from "../core/duration.ts";
import { UsageError } from "../core/errors.ts";
import { formatJson } from "../output/json.ts";
import type { RunFormat } from "../output/run_formats.ts";
import { NodeSet } from "../target/node_set.ts";
import type { Target, TargetKind } from "../target/expression.ts";
import { writeError, writeOut } from "../runtime/terminal.ts";
import { withMaster } from "./client.ts";
import { EXIT } from "./exit_codes.ts";
import { followJob } from "./follow.ts";
import { Interrupt } from "./interrupt.ts";
import { expandTargetFile } from "./target_file.ts";
import type { GlobalOptions } from "./surroundings.ts";

interface Options extends GlobalOptions {
  readonly pcre?: boolean;
  readonly list?: boolean;
  readonly grain?: boolean;
  readonly grainPcre?: boolean;
  readonly ipcidr?: boolean;
  readonly nodegroup?: boolean;
  readonly compound?: boolean;
  readonly delimiter?: string;
  readonly timeout?: string;
  readonly ttl?: string;
  readonly async?: boolean;
  readonly preview?: boolean;
  readonly ndjson?: boolean;
  readonly out?: RunFormat;
}

/** Runs a function on minions and prints what they answer. */
export async function runCommand(
  expression: string,
  name: string,
  words: readonly string[],
  _own: unknown,
  command: Command,
): Promise<number> {
  const options = command.optsWithGlobals<Options>();
  const target = targetOf(expression, options);
  const timeoutMs = options.timeout === undefined ? undefined : parseDurationMs(options.timeout, "--timeout");
  const ttlMs = options.ttl === undefined ? undefined : parseDurationMs(options.ttl, "--ttl");
  if (ttlMs === 0) throw new UsageError("Cannot run a job with --ttl 0: no minion could start it in time");
  return await withMaster(options, async (brine, again) => {
    if (options.preview) return await preview(brine, target, options);
    using interrupt = new Interrupt();
    using job = await brine.run({
      target,
      function: name,
      arguments: words,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    });
    warnOfStrangers(target, job.summary().expected);
    if (options.async) {
      writeOut(options.json ? `${formatJson({ jid: job.jid })}\n` : `${job.jid}\n`);
      return EXIT.ok;
    }
    return await followJob(job, options, {
      signal: interrupt.signal,
      reattach: async (jid) => await (await again()).attach(jid, timeoutMs === undefined ? {} : { timeoutMs }),
    });
  });
}

async function preview(brine: Brine, target: Target, { json }: Options): Promise<number> {
  const { expected, unreachable } = await brine.preview(target);
  warnOfStrangers(target, expected);
  if (json) writeOut(`${formatJson({ expected, unreachable }, 2)}\n`);
  else {
    writeOut(`${NodeSet.of(expected)} (${expected.length})\n`);
    if (unreachable.length > 0) writeOut(`unreachable now: ${NodeSet.of(unreachable)} (${unreachable.length})\n`);
  }
  return EXIT.ok;
}

/** A list names its minions one by one: whoever is not known is a slip of the pen, and worth a line. */
function warnOfStrangers({ kind, expression }: Target, expected: readonly string[]): void {
  if (kind !== "list") return;
  const strangers = NodeSet.parse(expression).difference(NodeSet.of(expected));
  if (strangers.size > 0) writeError(`brine: no minion with an accepted key is called ${strangers}\n`);
}

function targetOf(expression: string, options: Options): Target {
  const kinds: readonly (readonly [boolean | undefined, TargetKind])[] = [
    [options.pcre, "regex"],
    [options.list, "list"],
    [options.grain, "grain"],
    [options.grainPcre, "grain_regex"],
    [options.ipcidr, "cidr"],
    [options.nodegroup, "nodegroup"],
    [options.compound, "compound"],
  ];
  const chosen = kinds.filter(([isChosen]) => isChosen).map(([, kind]) => kind);
  if (chosen.length > 1) {
    throw new UsageError(`Cannot read target "${expression}": it is of one kind only, not ${chosen.join(" and ")}`);
  }
  const kind = chosen[0] ?? "glob";
  const { delimiter } = options;
  const text = kind === "list" ? expandTargetFile(expression) : expression;
  return { kind, expression: text, ...(delimiter === undefined ? {} : { delimiter }) };
}
