/**
 * Globs as Salt reads them (Python's `fnmatch`: `*`, `?`, `[abc]`, `[a-z]`, `[!a]`, where `*` also matches dots and
 * slashes), and two things more: alternatives `{web,db}` and numbers `[01-40]`. A glob of ids may be several,
 * separated by commas, so that what Brine prints, `web[01-12,14],db1`, can be typed back.
 *
 * A bracket is a list of numbers when it holds nothing but digits, dashes and commas in the shape `n`, `n-n`,
 * `n,n-n`…, and either has a comma, or is one range `n-n` with a number of two or more digits. Every other bracket is
 * a character class. So `[1-3]`, `[12]` and `[0-9a-f]` are classes, `[01-40]`, `[8-12]` and `[1,3]` are numbers.
 *
 * Numbers match whole numbers: beside a `*` they do not match a part of a longer number, so `*[10-20]` leaves web115
 * alone and `web[8-12]*` leaves web120 alone. Their padding counts: `[01-12]` does not match web1.
 *
 * Matching walks the pattern once and keeps every position of the text that it could have reached. Time is bounded by
 * the product of both lengths; there is nothing to backtrack.
 *
 * @module
 */
import { MAX_NESTING, MAX_RANGE_DIGITS } from "./limits.ts";
import { includesDigits, looksLikeNumbers, type NumberRange, parseNumberRanges } from "./number_range.ts";
import type { Fail } from "./target_error.ts";

/** A compiled glob: whether all of the text fits. */
export type Glob = (text: string) => boolean;

/** How to read a glob. */
export interface GlobOptions {
  /** Whether commas outside brackets separate alternatives: ids hold no comma, other values may. @default false */
  readonly commasSeparate?: boolean;
  /** Whether `a` fits `A`, as in grains. @default false */
  readonly ignoreCase?: boolean;
}

type Step =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "run" }
  | { readonly kind: "class"; readonly isNegated: boolean; readonly spans: readonly (readonly [number, number])[] }
  | { readonly kind: "numbers"; readonly ranges: readonly NumberRange[]; isAfterRun: boolean; isBeforeRun: boolean }
  | { readonly kind: "either"; readonly options: readonly (readonly Step[])[] };

/** Compiles a glob, or throws what `fail` makes of the first thing wrong with it. */
export function compileGlob(pattern: string, fail: Fail, options: GlobOptions = {}): Glob {
  const { commasSeparate = false, ignoreCase = false } = options;
  const parser = new GlobParser(ignoreCase ? foldCase(pattern) : pattern, fail);
  const alternatives = parser.parse(commasSeparate);
  const [only] = alternatives;
  const steps: readonly Step[] = only && alternatives.length === 1 ? only : [{ kind: "either", options: alternatives }];
  return (text) => {
    const subject = ignoreCase ? foldCase(text) : text;
    return walk(steps, [0], subject).at(-1) === subject.length;
  };
}

/** Lower case, one character for one, so that positions in messages stay right. */
function foldCase(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text.replace(/[A-Z]/g, (char) => char.toLowerCase());
}

class GlobParser {
  #at = 0;
  readonly #pattern: string;
  readonly #fail: Fail;

  constructor(pattern: string, fail: Fail) {
    this.#pattern = pattern;
    this.#fail = fail;
  }

  parse(commasSeparate: boolean): readonly (readonly Step[])[] {
    if (this.#pattern === "") throw this.#fail("it is empty");
    const options = this.#parseOptions({ commasSeparate, depth: 0 });
    if (commasSeparate && options.length > 1 && options.some((steps) => steps.length === 0)) {
      throw this.#fail("a glob is expected on both sides of a comma");
    }
    return options;
  }

  /** Alternatives up to the end, or to the closing brace of depth 1 and more. */
  #parseOptions({ commasSeparate, depth }: { commasSeparate: boolean; depth: number }): readonly (readonly Step[])[] {
    const options: Step[][] = [];
    let steps: Step[] = [];
    for (; this.#at < this.#pattern.length; this.#at++) {
      const char = this.#pattern.charAt(this.#at);
      if (char === "}" && depth > 0) break;
      if (char === "," && commasSeparate) {
        options.push(steps);
        steps = [];
      } else {
        append(steps, this.#parseStep(char, depth));
      }
    }
    return [...options, steps];
  }

  #parseStep(char: string, depth: number): Step {
    switch (char) {
      case "*":
        return { kind: "run" };
      case "?":
        return { kind: "any" };
      case "[":
        return this.#parseBracket();
      case "{":
        return this.#parseBraces(depth);
      default:
        return { kind: "text", text: char };
    }
  }

  #parseBraces(depth: number): Step {
    const open = this.#at++;
    if (depth >= MAX_NESTING) throw this.#fail(`braces nest deeper than ${MAX_NESTING}`, open);
    const options = this.#parseOptions({ commasSeparate: true, depth: depth + 1 });
    if (this.#at >= this.#pattern.length) throw this.#fail("no closing brace", open);
    return { kind: "either", options };
  }

  #parseBracket(): Step {
    const open = this.#at;
    const isNegated = this.#pattern[open + 1] === "!";
    const from = open + (isNegated ? 2 : 1);
    // As in fnmatch, a bracket that comes first is one of the characters.
    const close = this.#pattern.indexOf("]", from + 1);
    if (close < 0) throw this.#fail("no closing bracket", open);
    this.#at = close;
    const inside = this.#pattern.slice(from, close);
    return isNegated || !isNumberList(inside)
      ? this.#readClass(inside, from, isNegated)
      : this.#readNumbers(inside, from);
  }

  #readNumbers(inside: string, from: number): Step {
    const ranges = parseNumberRanges(inside);
    if ("state" in ranges) throw this.#fail(ranges.state, from + ranges.index);
    return { kind: "numbers", ranges, isAfterRun: false, isBeforeRun: false };
  }

  #readClass(inside: string, from: number, isNegated: boolean): Step {
    const chars = [...inside];
    const spans: [number, number][] = [];
    let index = from;
    for (let at = 0; at < chars.length; at++) {
      const first = chars[at] ?? "";
      const last = chars[at + 1] === "-" ? chars[at + 2] : undefined;
      const span: [number, number] = [codeOf(first), codeOf(last ?? first)];
      if (span[1] < span[0]) throw this.#fail(`the range ${first}-${last} runs backwards`, index);
      spans.push(span);
      if (last !== undefined) at += 2;
      index += first.length + (last === undefined ? 0 : last.length + 1);
    }
    return { kind: "class", isNegated, spans };
  }
}

/** The rule at the top of this file. */
function isNumberList(inside: string): boolean {
  return looksLikeNumbers(inside) && (inside.includes(",") || (inside.includes("-") && /\d\d/.test(inside)));
}

/** Adds a step, joining texts and runs, and tells numbers which of their neighbours is a run. */
function append(steps: Step[], step: Step): void {
  const last = steps.at(-1);
  if (last?.kind === "run" && step.kind === "run") return;
  if (last?.kind === "text" && step.kind === "text") {
    steps[steps.length - 1] = { kind: "text", text: last.text + step.text };
    return;
  }
  if (step.kind === "numbers") step.isAfterRun = last?.kind === "run";
  if (step.kind === "run" && last?.kind === "numbers") last.isBeforeRun = true;
  steps.push(step);
}

/** Positions after all steps, from each of `positions`; ascending, each once. */
function walk(steps: readonly Step[], positions: readonly number[], text: string): readonly number[] {
  let reached = positions;
  for (const step of steps) {
    if (reached.length === 0) break;
    reached = advance(step, reached, text);
  }
  return reached;
}

function advance(step: Step, positions: readonly number[], text: string): readonly number[] {
  switch (step.kind) {
    case "text":
      return positions.filter((at) => text.startsWith(step.text, at)).map((at) => at + step.text.length);
    case "run": {
      const from = positions[0] ?? 0;
      return Array.from({ length: text.length - from + 1 }, (_, offset) => from + offset);
    }
    case "any":
      return ascending(positions.filter((at) => at < text.length).map((at) => at + widthAt(text, at)));
    case "class":
      return ascending(
        positions
          .filter((at) => at < text.length && isInClass(step.spans, codeAt(text, at)) !== step.isNegated)
          .map((at) => at + widthAt(text, at)),
      );
    case "numbers":
      return ascending(positions.flatMap((at) => endsOfNumbers(step, at, text)));
    case "either":
      return ascending(step.options.flatMap((option) => walk(option, positions, text)));
  }
}

function endsOfNumbers(step: Extract<Step, { kind: "numbers" }>, at: number, text: string): readonly number[] {
  if (step.isAfterRun && isDigitAt(text, at - 1)) return [];
  const ends: number[] = [];
  for (let end = at + 1; end <= at + MAX_RANGE_DIGITS && isDigitAt(text, end - 1); end++) {
    if (step.isBeforeRun && isDigitAt(text, end)) continue;
    if (includesDigits(step.ranges, text.slice(at, end))) ends.push(end);
  }
  return ends;
}

function isInClass(spans: readonly (readonly [number, number])[], code: number): boolean {
  return spans.some(([first, last]) => code >= first && code <= last);
}

function ascending(positions: readonly number[]): readonly number[] {
  if (positions.length < 2) return positions;
  return [...new Set(positions)].sort((a, b) => a - b);
}

function isDigitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

function codeAt(text: string, at: number): number {
  return text.codePointAt(at) ?? 0;
}

function widthAt(text: string, at: number): number {
  return codeAt(text, at) > 0xffff ? 2 : 1;
}
