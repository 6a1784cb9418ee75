/**
 * The one matcher that master, minion and client share, and how matchers combine.
 *
 * Every matcher prints as a compound, and that text parses to a matcher that prints the same. A nodegroup prints as
 * what it stands for, so a minion that receives the text needs no nodegroups.
 *
 * @module
 */
import type { Grains } from "./grains.ts";

/** What a matcher looks at. */
export interface Minion {
  readonly id: string;
  readonly grains: Grains;
}

/** Decides for one minion at a time. */
export interface Matcher {
  /** Whether the minion is meant. */
  matches(minion: Minion): boolean;
  /** Whether grains are looked at; if not, ids alone decide. */
  readonly usesGrains: boolean;
  /** The target as a compound. */
  toString(): string;
  /** One short sentence: why the minion is meant, or why not. */
  explain(minion: Minion): string;
}

/** How tightly a matcher's text binds: what needs parentheses inside what. */
export type Binding = "or" | "and" | "not" | "term";

/** A matcher as its parts see each other. */
export interface Node {
  readonly usesGrains: boolean;
  readonly text: string;
  readonly binding: Binding;
  matches(minion: Minion): boolean;
  /** Half a sentence that follows "web01 matches:" or "web01 does not match:". */
  reason(minion: Minion): string;
}

const TIGHTNESS: Readonly<Record<Binding, number>> = { or: 0, and: 1, not: 2, term: 3 };

/** The matcher for a whole target. */
export function toMatcher(node: Node): Matcher {
  return {
    usesGrains: node.usesGrains,
    matches: (minion) => node.matches(minion),
    toString: () => node.text,
    explain: (minion) => {
      const verdict = node.matches(minion) ? "matches" : "does not match";
      return `${minion.id} ${verdict}: ${node.reason(minion)}`;
    },
  };
}

/** Meant by every part. */
export function allOf(parts: readonly Node[]): Node {
  return {
    usesGrains: parts.some((part) => part.usesGrains),
    text: parts.map((part) => within("and", part)).join(" and "),
    binding: "and",
    matches: (minion) => parts.every((part) => part.matches(minion)),
    reason: (minion) => {
      const failed = parts.find((part) => !part.matches(minion));
      return failed ? failed.reason(minion) : parts.map((part) => part.reason(minion)).join(", and ");
    },
  };
}

/** Meant by at least one part. */
export function anyOf(parts: readonly Node[]): Node {
  return {
    usesGrains: parts.some((part) => part.usesGrains),
    text: parts.map((part) => within("or", part)).join(" or "),
    binding: "or",
    matches: (minion) => parts.some((part) => part.matches(minion)),
    reason: (minion) => {
      const fitting = parts.find((part) => part.matches(minion));
      if (fitting) return fitting.reason(minion);
      const [first, second, ...others] = parts.map((part) => part.reason(minion));
      const more = others.length > 0 ? `, and ${others.length} more` : "";
      return [first, second].filter((reason) => reason !== undefined).join(", and ") + more;
    },
  };
}

/** Meant unless `part` means it. */
export function noneOf(part: Node): Node {
  return {
    usesGrains: part.usesGrains,
    text: `not ${within("not", part)}`,
    binding: "not",
    matches: (minion) => !part.matches(minion),
    reason: (minion) => part.reason(minion),
  };
}

/** The ids of those minions that are meant. */
export function resolve(matcher: Matcher, minions: Iterable<Minion>): string[] {
  const ids: string[] = [];
  for (const minion of minions) {
    if (matcher.matches(minion)) ids.push(minion.id);
  }
  return ids;
}

function within(outer: Binding, part: Node): string {
  return TIGHTNESS[part.binding] < TIGHTNESS[outer] ? `(${part.text})` : part.text;
}
