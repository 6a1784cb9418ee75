/**
 * How much a target may ask for. An operator types targets, but a master also reads them off the wire and a minion
 * judges them, so each limit is stated once, here, with what it protects.
 *
 * @module
 */

/** Longest glob, regex, grain, address or nodegroup name, in characters: nobody types more by hand. */
export const MAX_TERM_CHARS = 4 * 1024;

/** Longest list or compound, in characters: about four thousand ids, which scripts do generate. */
export const MAX_LIST_CHARS = 64 * 1024;

/** Deepest nesting of parentheses, `not`, braces and nodegroups together: keeps recursion off the stack's end. */
export const MAX_NESTING = 32;

/** Most terms of one target once its nodegroups are expanded: stops groups that double at each level. */
export const MAX_TERMS = 10_000;

/** Most ids that the ranges of one node set may stand for. */
export const MAX_NODES = 100_000;

/** Most parts between delimiters of a grain target; grains are not nested deeper than this. */
export const MAX_GRAIN_PARTS = 32;

/** Most digits of a number in a range: more would not be exact as a JavaScript number. */
export const MAX_RANGE_DIGITS = 15;

/** Most program steps that the regular expressions of one target may compile to: about 50 ms and 25 MB. */
export const MAX_REGEX_STEPS = 50_000;

/** Longest grain value that is compared, in characters: longer ones match nothing but their mere existence. */
export const MAX_VALUE_CHARS = 4 * 1024;
