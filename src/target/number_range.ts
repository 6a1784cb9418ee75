/**
 * The inside of `[01-12,14]`: numbers whose zero padding counts. Globs and node sets share it, so that a range means
 * the same wherever it is written.
 *
 * One rule gives padding its meaning: a number is written at least as wide as the first number of its range. So
 * `01-12` is 01 to 12, `1-12` is 1 to 12, and `01-100` is 01 to 99, then 100.
 *
 * @module
 */
import { MAX_RANGE_DIGITS } from "./limits.ts";

/** Consecutive numbers, written at least `width` digits wide. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
  readonly width: number;
}

/** What was wrong, and how far into the text. */
export interface RangeProblem {
  readonly state: string;
  readonly index: number;
}

/** Digits, dashes and commas only: the shape that may be a range. */
const SHAPE = /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/;

/** Whether the inside of a bracket has the shape of a list of numbers. */
export function looksLikeNumbers(text: string): boolean {
  return SHAPE.test(text);
}

/** The ranges that `text` lists, or what is wrong with it. */
export function parseNumberRanges(text: string): readonly NumberRange[] | RangeProblem {
  const ranges: NumberRange[] = [];
  let index = 0;
  for (const item of text.split(",")) {
    const parts = /^(\d+)(?:-(\d+))?$/.exec(item);
    const from = parts?.[1];
    if (from === undefined) return { state: "a number or a range such as 1-9 is expected", index };
    const to = parts?.[2] ?? from;
    if (from.length > MAX_RANGE_DIGITS || to.length > MAX_RANGE_DIGITS) {
      return { state: `a number in a range has at most ${MAX_RANGE_DIGITS} digits`, index };
    }
    const range = { first: Number(from), last: Number(to), width: from.length };
    if (range.last < range.first) return { state: `the range ${item} runs backwards`, index };
    if (to.length < from.length) return { state: `the range ${item} changes its zero padding`, index };
    if (to.length > from.length && to.startsWith("0")) {
      return { state: `the range ${item} changes its zero padding`, index };
    }
    ranges.push(range);
    index += item.length + 1;
  }
  return ranges;
}

/** How a number of this width is written. */
export function formatNumber(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** Whether the digits are one of the numbers, padding included. */
export function includesDigits(ranges: readonly NumberRange[], digits: string): boolean {
  const value = Number(digits);
  return ranges.some(({ first, last, width }) => {
    return value >= first && value <= last && formatNumber(value, width) === digits;
  });
}
