/**
 * Names for compounds. A nodegroup may use others; one that leads back to itself is an error, not a hang.
 *
 * @module
 */
import { suggest } from "../core/suggest.ts";
import { parseCompound, type Term, type Tree } from "./compound.ts";
import type { Nodegroups } from "./expression.ts";
import { MAX_LIST_CHARS, MAX_NESTING, MAX_TERMS } from "./limits.ts";
import { failReading, shown } from "./target_error.ts";

const OPERATORS: ReadonlySet<string> = new Set(["and", "or", "not", "(", ")"]);

/** Puts what each nodegroup stands for in its place; no `nodegroup` term is left. */
export function expandNodegroups(tree: Tree, nodegroups: Nodegroups): Tree {
  let terms = 0;
  const expand = (part: Tree, path: readonly string[]): Tree => {
    if (part.kind === "not") return { kind: "not", part: expand(part.part, path) };
    if (part.kind !== "term") return { kind: part.kind, parts: part.parts.map((inner) => expand(inner, path)) };
    if (++terms > MAX_TERMS) throw part.fail(`it has more than ${MAX_TERMS} terms`);
    if (part.target.kind !== "nodegroup") return part;
    const name = part.target.expression;
    if (path.includes(name)) {
      throw part.fail(`nodegroup ${shown([...path, name].join(" → "))} leads back to itself`, 0);
    }
    return expand(readGroup(part, name, nodegroups), [...path, name]);
  };
  return expand(tree, []);
}

function readGroup(term: Term, name: string, nodegroups: Nodegroups): Tree {
  const definition = Object.hasOwn(nodegroups, name) ? nodegroups[name] : undefined;
  if (definition === undefined) throw unknownGroup(term, name, nodegroups);
  const depth = term.depth + 1;
  if (depth > MAX_NESTING) throw term.fail(`it nests deeper than ${MAX_NESTING}`, 0);
  if (typeof definition === "string" || definition.some((item) => OPERATORS.has(item))) {
    return readDefinition(typeof definition === "string" ? definition : definition.join(" "), name, depth);
  }
  // A list without operators: any of its items, each an id, a glob or a compound of its own.
  if (definition.length === 0) throw term.fail(`nodegroup "${shown(name)}" is empty`, 0);
  const parts = definition.map((item) => readDefinition(item, name, depth));
  const [only] = parts;
  return only && parts.length === 1 ? only : { kind: "or", parts };
}

function readDefinition(text: string, name: string, depth: number): Tree {
  const fail = failReading(text, `nodegroup ${shown(name)}:`);
  if (text.length > MAX_LIST_CHARS) throw fail(`longer than ${MAX_LIST_CHARS} characters`);
  return parseCompound(text, fail, depth);
}

function unknownGroup(term: Term, name: string, nodegroups: Nodegroups): Error {
  const near = suggest(name, Object.keys(nodegroups));
  const hint = near === undefined ? "" : ` (did you mean "${shown(near)}"?)`;
  return term.fail(`no nodegroup "${shown(name)}"${hint}`, 0);
}
