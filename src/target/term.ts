/**
 * What a single term means: one row for each kind of target.
 *
 * @module
 */
import { compileSubnet } from "./cidr.ts";
import type { Term } from "./compound.ts";
import { DEFAULT_DELIMITER, type Target, type TargetKind } from "./expression.ts";
import { compileGlob } from "./glob.ts";
import { compileGrain, type GrainTest } from "./grain_term.ts";
import { MAX_LIST_CHARS, MAX_TERM_CHARS } from "./limits.ts";
import type { Minion, Node } from "./matcher.ts";
import { NodeSet } from "./node_set.ts";
import type { RegexCompiler } from "./regex.ts";
import { type Fail, shown } from "./target_error.ts";
import { quoteWord } from "./words.ts";

/** Kinds that are one term; the others are expanded before. */
type LeafKind = Exclude<TargetKind, "nodegroup" | "compound">;

type Read = (target: Required<Target>, tools: { readonly fail: Fail; readonly regex: RegexCompiler }) => Promise<Node>;

/** The node for a term. */
export function readTerm({ target, fail }: Term, regex: RegexCompiler): Promise<Node> {
  const { kind, expression } = target;
  const limit = kind === "list" ? MAX_LIST_CHARS : MAX_TERM_CHARS;
  if (expression.length > limit) throw fail(`longer than ${limit} characters`);
  if (kind === "nodegroup" || kind === "compound") throw fail(`a ${kind} cannot stand here`);
  if (expression.trim() === "") throw fail("it is empty");
  return READERS[kind](target, { fail, regex });
}

const READERS: { readonly [K in LeafKind]: Read } = {
  glob: ({ expression }, { fail }) => {
    const glob = compileGlob(expression, fail, { commasSeparate: true });
    return Promise.resolve(idNode(quoteWord(expression), glob, `the glob "${shown(expression)}"`));
  },
  list: ({ expression }, { fail }) => {
    const ids = NodeSet.parse(expression, fail);
    const text = ids.toString();
    return Promise.resolve(idNode(quoteWord(`L@${text}`), (id) => ids.has(id), `the list ${shown(text)}`));
  },
  regex: async ({ expression }, { fail, regex }) => {
    const test = await regex.compile(expression, { fail, ignoreCase: false });
    return idNode(quoteWord(`E@${expression}`), test, `the expression "${shown(expression)}"`);
  },
  grain: async (target, { fail }) => {
    const compile = (text: string, index: number) => {
      return compileGlob(text, (state, inner) => fail(state, index + (inner ?? 0)), { ignoreCase: true });
    };
    return grainNode(
      "G",
      target,
      await compileGrain(target.expression, { delimiter: target.delimiter, fail, compile }),
    );
  },
  grain_regex: async (target, { fail, regex }) => {
    const compile = (text: string, index: number) => {
      const failHere: Fail = (state, inner) => fail(state, index + (inner ?? 0));
      return regex.compile(text, { fail: failHere, ignoreCase: true });
    };
    return grainNode(
      "P",
      target,
      await compileGrain(target.expression, { delimiter: target.delimiter, fail, compile }),
    );
  },
  cidr: async ({ expression }, { fail }) => {
    const find = await compileSubnet(expression, fail);
    return leaf(quoteWord(`S@${expression}`), {
      usesGrains: true,
      matches: ({ grains }) => find(grains).length > 0,
      reason: ({ grains }) => {
        const [address] = find(grains);
        return address === undefined
          ? `none of its addresses is in ${expression}`
          : `its address ${address} is in ${expression}`;
      },
    });
  },
};

function idNode(text: string, test: (id: string) => boolean, what: string): Node {
  return leaf(text, {
    usesGrains: false,
    matches: ({ id }) => test(id),
    reason: ({ id }) => test(id) ? `its id fits ${what}` : `its id does not fit ${what}`,
  });
}

function grainNode(letter: string, { expression, delimiter }: Required<Target>, test: GrainTest): Node {
  const mark = delimiter === DEFAULT_DELIMITER ? `${letter}@` : `${letter}${delimiter}@`;
  return leaf(quoteWord(`${mark}${expression}`), {
    usesGrains: true,
    matches: ({ grains }) => test.matches(grains),
    reason: ({ grains }) => test.reason(grains),
  });
}

function leaf(
  text: string,
  { usesGrains, matches, reason }: {
    usesGrains: boolean;
    matches: (minion: Minion) => boolean;
    reason: (minion: Minion) => string;
  },
): Node {
  return { text, binding: "term", usesGrains, matches, reason };
}
