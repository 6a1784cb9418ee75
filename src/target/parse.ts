/**
 * From what an operator typed to a matcher. Every failure is a `UsageError` of one line that points at a character.
 *
 * Asynchronous only because the engines for regular expressions and addresses are loaded when a target needs them.
 *
 * @module
 */
import { parseCompound, type Term, type Tree } from "./compound.ts";
import { DEFAULT_DELIMITER, type Nodegroups, type Target, TARGET_KINDS } from "./expression.ts";
import { MAX_LIST_CHARS } from "./limits.ts";
import { allOf, anyOf, type Matcher, type Node, noneOf, toMatcher } from "./matcher.ts";
import { expandNodegroups } from "./nodegroups.ts";
import { createRegexCompiler, type RegexCompiler } from "./regex.ts";
import { failReading, shown } from "./target_error.ts";
import { readTerm } from "./term.ts";

/** What a target may refer to. */
export interface ParseOptions {
  /** Names for compounds. @default none */
  readonly nodegroups?: Nodegroups;
}

/** Reads a target; see the files of this folder for what each kind means. */
export async function parseTarget(target: Target, { nodegroups = {} }: ParseOptions = {}): Promise<Matcher> {
  const { kind, expression, delimiter = DEFAULT_DELIMITER } = target;
  const fail = failReading(expression);
  if (!TARGET_KINDS.has(kind)) throw fail(`no kind of target is called "${shown(kind)}"`);
  if (expression.length > MAX_LIST_CHARS) throw fail(`longer than ${MAX_LIST_CHARS} characters`);
  if (!/^[^A-Za-z0-9@\s"'()\\]$/.test(delimiter)) throw fail(`"${shown(delimiter)}" cannot be a delimiter`);
  const term: Term = { kind: "term", target: { kind, expression, delimiter }, fail, depth: 0 };
  const tree = kind === "compound" ? parseCompound(expression, fail) : term;
  return toMatcher(await build(expandNodegroups(tree, nodegroups), createRegexCompiler()));
}

async function build(tree: Tree, regex: RegexCompiler): Promise<Node> {
  if (tree.kind === "term") return readTerm(tree, regex);
  if (tree.kind === "not") return noneOf(await build(tree.part, regex));
  const parts: Node[] = [];
  // One after the other, so that the first mistake in the text is the one reported.
  for (const part of tree.parts) parts.push(await build(part, regex));
  return tree.kind === "and" ? allOf(parts) : anyOf(parts);
}
