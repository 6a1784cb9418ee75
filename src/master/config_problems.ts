/**
 * What is wrong with a master's configuration that only its own parts can tell: targets and tags that cannot be read.
 * Found when the file is loaded, so that a mistake does not wait for the event, or the hour, that would meet it.
 *
 * @module
 */
import type { ConfigValues } from "../config/key.ts";
import type { ValueProblem } from "../config/load.ts";
import type { MASTER_KEYS } from "../config/master_config.ts";
import { reasonOf, UsageError } from "../core/errors.ts";
import type { Target } from "../target/expression.ts";
import { compileGlob } from "../target/glob.ts";
import { parseTarget } from "../target/parse.ts";

/** Everything of this kind. */
export async function masterProblems(
  { nodegroups, reactor, schedule }: ConfigValues<typeof MASTER_KEYS>,
): Promise<ValueProblem[]> {
  const problems: ValueProblem[] = [];
  const check = async (key: string, path: ValueProblem["path"], read: () => unknown) => {
    try {
      await read();
    } catch (thrown) {
      if (!(thrown instanceof UsageError)) throw thrown;
      problems.push({ key, path, text: reasonOf(thrown) });
    }
  };
  const checkTarget = (key: string, path: ValueProblem["path"], target: Target) =>
    check(key, path, () => parseTarget(target, { nodegroups }));

  for (const name of Object.keys(nodegroups)) {
    await checkTarget("nodegroups", [name], { kind: "nodegroup", expression: name });
  }
  for (const [index, { tag, actions }] of reactor.entries()) {
    await check("reactor", [index, "tag"], () => compileGlob(tag, (state) => new UsageError(`"${tag}": ${state}`)));
    for (const [at, action] of actions.entries()) {
      if (!("run" in action) || typeof action.target !== "string") continue;
      const { kind, target: expression } = action;
      await checkTarget("reactor", [index, "actions", at, "target"], { kind, expression });
    }
  }
  for (const [name, { kind, target: expression }] of Object.entries(schedule)) {
    await checkTarget("schedule", [name, "target"], { kind, expression });
  }
  return problems;
}
