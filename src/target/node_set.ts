/**
 * A set of minion ids that reads and prints the way operators write machines: `web[01-12,14],db1`. A value: no
 * operation changes it.
 *
 * @module
 */
import { isMinionId } from "../core/minion_id.ts";
import { foldNodes } from "./fold_nodes.ts";
import { MAX_LIST_CHARS, MAX_NODES } from "./limits.ts";
import { compareNatural } from "./natural_order.ts";
import { formatNumber, type NumberRange, parseNumberRanges } from "./number_range.ts";
import { type Fail, failReading } from "./target_error.ts";

/** Ids of minions, each once. */
export class NodeSet implements Iterable<string> {
  readonly #ids: ReadonlySet<string>;
  #sorted: readonly string[] | undefined;

  private constructor(ids: ReadonlySet<string>) {
    this.#ids = ids;
  }

  /** The set of these ids. They are taken as they come: `core/minion_id.ts` judges ids where they enter. */
  static of(ids: Iterable<string>): NodeSet {
    return new NodeSet(new Set(ids));
  }

  /**
   * Reads `web[01-12,14],db1`: ids separated by commas, numbers in brackets. An empty text is the empty set.
   *
   * @throws {UsageError} when the text is not such a list, or stands for more than {@link MAX_NODES} ids.
   */
  static parse(text: string, fail: Fail = failReading(text)): NodeSet {
    if (text.length > MAX_LIST_CHARS) throw fail(`longer than ${MAX_LIST_CHARS} characters`);
    const ids = new Set<string>();
    if (text.trim() === "") return new NodeSet(ids);
    let budget = MAX_NODES;
    for (const pattern of splitPatterns(text, fail)) {
      const parts = parsePattern(pattern, fail);
      budget -= countOf(parts);
      if (budget < 0) throw fail(`stands for more than ${MAX_NODES} ids`, pattern.index);
      for (const id of expand(parts)) {
        if (!isMinionId(id)) throw fail(`"${id.slice(0, 40)}" is not a minion id`, pattern.index);
        ids.add(id);
      }
    }
    return new NodeSet(ids);
  }

  /** How many ids. */
  get size(): number {
    return this.#ids.size;
  }

  /** Whether `id` is one of them. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Ids in either. */
  union(other: NodeSet): NodeSet {
    return new NodeSet(new Set([...this.#ids, ...other.#ids]));
  }

  /** Ids in both. */
  intersection(other: NodeSet): NodeSet {
    return NodeSet.of([...this.#ids].filter((id) => other.#ids.has(id)));
  }

  /** Ids in this set and not in the other. */
  difference(other: NodeSet): NodeSet {
    return NodeSet.of([...this.#ids].filter((id) => !other.#ids.has(id)));
  }

  /** Whether both hold the same ids. */
  equals(other: NodeSet): boolean {
    return this.size === other.size && [...this.#ids].every((id) => other.#ids.has(id));
  }

  /** The first id in natural order; absent from the empty set. */
  get first(): string | undefined {
    return this.#inOrder()[0];
  }

  /** In natural order: web2 before web10. */
  [Symbol.iterator](): Iterator<string> {
    return this.#inOrder()[Symbol.iterator]();
  }

  /** The folded text; {@link NodeSet.parse} reads it back. */
  toString(): string {
    return foldNodes(this.#ids);
  }

  #inOrder(): readonly string[] {
    return this.#sorted ??= [...this.#ids].sort(compareNatural);
  }
}

interface Pattern {
  readonly text: string;
  readonly index: number;
}

type Part = string | readonly NumberRange[];

/** Cuts at commas outside brackets, dropping blanks around each piece. */
function splitPatterns(text: string, fail: Fail): readonly Pattern[] {
  const patterns: Pattern[] = [];
  let start = 0;
  let isInside = false;
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === "[") isInside = true;
    else if (text[at] === "]") isInside = false;
    else if (at === text.length || (text[at] === "," && !isInside)) {
      const raw = text.slice(start, at);
      const index = start + raw.length - raw.trimStart().length;
      if (raw.trim() === "") throw fail("an id is expected", Math.min(at, text.length - 1));
      patterns.push({ text: raw.trim(), index });
      start = at + 1;
    }
  }
  return patterns;
}

/** A pattern's fixed texts and its brackets, in order. */
function parsePattern({ text, index }: Pattern, fail: Fail): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("[", at);
    const fixed = text.slice(at, open < 0 ? undefined : open);
    const stray = fixed.search(/[^A-Za-z0-9._-]/);
    if (stray >= 0) throw fail(unexpected(fixed.charAt(stray)), index + at + stray);
    if (fixed !== "") parts.push(fixed);
    if (open < 0) break;
    const close = text.indexOf("]", open);
    if (close < 0) throw fail("no closing bracket", index + open);
    const ranges = parseNumberRanges(text.slice(open + 1, close));
    if ("state" in ranges) throw fail(ranges.state, index + open + 1 + ranges.index);
    parts.push(ranges);
    at = close + 1;
  }
  return parts;
}

function unexpected(char: string): string {
  if (char === "*" || char === "?" || char === "{") return `a list holds ids, and "${char}" belongs in a glob`;
  return char === "]" ? "no opening bracket" : "this character is not allowed in an id";
}

/** How many ids a pattern stands for, before any is made. */
function countOf(parts: readonly Part[]): number {
  let count = 1;
  for (const part of parts) {
    if (typeof part === "string") continue;
    count *= part.reduce((sum, range) => sum + range.last - range.first + 1, 0);
  }
  return count;
}

function expand(parts: readonly Part[]): readonly string[] {
  let ids: string[] = [""];
  for (const part of parts) {
    if (typeof part === "string") {
      ids = ids.map((id) => id + part);
      continue;
    }
    const numbers: string[] = [];
    for (const { first, last, width } of part) {
      for (let value = first; value <= last; value++) numbers.push(formatNumber(value, width));
    }
    ids = ids.flatMap((id) => numbers.map((number) => id + number));
  }
  return ids;
}
