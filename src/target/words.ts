/**
 * The words of a compound: `(G@os:Debian and not web*)` cut into parentheses and words, quotes resolved.
 *
 * Parentheses need no spaces around them; inside a word they belong to it as long as they balance, so that
 * `E@(web|db)\d+` is one word. Quotes, single or double, may stand anywhere in a word, as in `G@os:"Red Hat"`; the
 * quote itself is written twice. Nothing else is special inside quotes.
 *
 * @module
 */
import { MAX_NESTING } from "./limits.ts";
import type { Fail } from "./target_error.ts";

/** A word or a parenthesis. */
export interface Word {
  readonly kind: "word" | "open" | "close";
  readonly text: string;
  /** Whether any of it was quoted: then it is not one of `and`, `or`, `not`. */
  readonly isQuoted: boolean;
  /** Where it begins in the whole. */
  readonly index: number;
  /** Where each character of `text` stands in the whole. */
  readonly places: readonly number[];
}

/** The words of `text`, in order. */
export function splitWords(text: string, fail: Fail): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (isSpace(char)) {
      at++;
    } else if (char === "(" || char === ")") {
      words.push({ kind: char === "(" ? "open" : "close", text: char, isQuoted: false, index: at, places: [at] });
      at++;
    } else {
      const { word, end } = readWord(text, at, fail);
      words.push(word);
      at = end;
    }
  }
  return words;
}

/** The text as one word of a compound, quoted if it would be read otherwise. */
export function quoteWord(text: string): string {
  // A backslash at the end would take the next character with it.
  return text === "" || isKeyword(text) || /[\s"'()]|\\$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function readWord(text: string, start: number, fail: Fail): { word: Word; end: number } {
  const chars: string[] = [];
  const places: number[] = [];
  const opened: number[] = [];
  let isQuoted = false;
  let at = start;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (isSpace(char) || (char === ")" && opened.length === 0)) break;
    if (char === '"' || char === "'") {
      isQuoted = true;
      at = readQuoted(text, at, { chars, places, fail });
      continue;
    }
    if (char === "(" && !isQuoted && isKeyword(chars.join(""))) break;
    if (char === "(") opened.push(at);
    if (char === ")") opened.pop();
    if (opened.length > MAX_NESTING) throw fail(`parentheses nest deeper than ${MAX_NESTING}`, at);
    chars.push(char);
    places.push(at);
    if (char === "\\" && at + 1 < text.length && !isSpace(text.charAt(at + 1))) {
      at++;
      chars.push(text.charAt(at));
      places.push(at);
    }
  }
  const unclosed = opened.pop();
  if (unclosed !== undefined) throw fail("no closing parenthesis in this word; quote a word that has spaces", unclosed);
  return { word: { kind: "word", text: chars.join(""), isQuoted, index: start, places }, end: at };
}

/** Reads from the opening quote on; returns the place of the closing one. */
function readQuoted(
  text: string,
  open: number,
  { chars, places, fail }: { chars: string[]; places: number[]; fail: Fail },
): number {
  const quote = text.charAt(open);
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === quote) {
      if (text[at + 1] !== quote) return at;
      at++;
    }
    chars.push(text.charAt(at));
    places.push(at);
  }
  throw fail("no closing quote", open);
}

function isKeyword(text: string): boolean {
  return text === "and" || text === "or" || text === "not";
}

function isSpace(char: string): boolean {
  return /\s/.test(char);
}
