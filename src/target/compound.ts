/**
 * Compounds: `web* and not (G@os:Debian or L@web[01-03])`. Reads the text to a tree of terms; what the terms mean is
 * decided in `term.ts`.
 *
 * `not` binds tighter than `and`, `and` tighter than `or`.
 *
 * @module
 */
import type { Target } from "./expression.ts";
import { DEFAULT_DELIMITER, KIND_OF_LETTER } from "./expression.ts";
import { MAX_NESTING } from "./limits.ts";
import type { Fail } from "./target_error.ts";
import { splitWords, type Word } from "./words.ts";

/** A target without operators, and how to point into it. */
export interface Term {
  readonly kind: "term";
  readonly target: Required<Target>;
  readonly fail: Fail;
  /** Parentheses, `not` and nodegroups around it. */
  readonly depth: number;
}

/** What a compound says. */
export type Tree =
  | Term
  | { readonly kind: "and" | "or"; readonly parts: readonly Tree[] }
  | { readonly kind: "not"; readonly part: Tree };

/** Reads a compound that itself lies `depth` levels deep. */
export function parseCompound(text: string, fail: Fail, depth = 0): Tree {
  const parser = new CompoundParser(text, fail);
  return parser.parse(depth);
}

class CompoundParser {
  readonly #words: readonly Word[];
  readonly #fail: Fail;
  readonly #endIndex: number;
  #at = 0;

  constructor(text: string, fail: Fail) {
    this.#words = splitWords(text, fail);
    this.#fail = fail;
    this.#endIndex = text.length;
  }

  parse(depth: number): Tree {
    const tree = this.#parseOr(depth);
    const rest = this.#words[this.#at];
    if (rest?.kind === "close") throw this.#fail("no opening parenthesis", rest.index);
    if (rest) throw this.#fail(`"and" or "or" is expected`, rest.index);
    return tree;
  }

  #parseOr(depth: number): Tree {
    const parts = [this.#parseAnd(depth)];
    while (this.#takeOperator("or")) parts.push(this.#parseAnd(depth));
    return join("or", parts);
  }

  #parseAnd(depth: number): Tree {
    const parts = [this.#parseNot(depth)];
    while (this.#takeOperator("and")) parts.push(this.#parseNot(depth));
    return join("and", parts);
  }

  #parseNot(depth: number): Tree {
    const word = this.#words[this.#at];
    if (depth > MAX_NESTING) throw this.#fail(`it nests deeper than ${MAX_NESTING}`, word?.index ?? this.#endIndex);
    if (this.#takeOperator("not")) return { kind: "not", part: this.#parseNot(depth + 1) };
    if (!word) throw this.#fail("a target is expected at the end", Math.max(0, this.#endIndex - 1));
    if (word.kind === "close" || isOperator(word, "and") || isOperator(word, "or")) {
      throw this.#fail(`a target is expected before "${word.text}"`, word.index);
    }
    this.#at++;
    if (word.kind === "word") return this.#readTerm(word, depth);
    const inner = this.#parseOr(depth + 1);
    if (this.#words[this.#at]?.kind !== "close") {
      const next = this.#words[this.#at];
      throw next
        ? this.#fail(`"and", "or" or ")" is expected`, next.index)
        : this.#fail("no closing parenthesis", word.index);
    }
    this.#at++;
    return inner;
  }

  #takeOperator(operator: string): boolean {
    const word = this.#words[this.#at];
    if (!word || !isOperator(word, operator)) return false;
    this.#at++;
    return true;
  }

  #readTerm(word: Word, depth: number): Term {
    // A letter, in Salt's manner perhaps with a delimiter of its own: G@os:Debian, G|@os|Debian.
    const [head = "", letter, delimiter = ""] = /^([A-Za-z])([^A-Za-z0-9@\s"'()\\]?)@/.exec(word.text) ?? [];
    const kind = letter === undefined ? "glob" : KIND_OF_LETTER.get(letter);
    if (kind === undefined) {
      const known = [...KIND_OF_LETTER.keys()].map((name) => `${name}@`).join(" ");
      throw this.#fail(`${letter}@ is not supported; there are ${known}`, word.index);
    }
    if (delimiter !== "" && kind !== "grain" && kind !== "grain_regex") {
      throw this.#fail(`only G@ and P@ take a delimiter`, word.index + 1);
    }
    const fail: Fail = (state, index) => {
      const place = index === undefined ? word.index : word.places[head.length + index] ?? word.index;
      return this.#fail(state, place);
    };
    const target = { kind, expression: word.text.slice(head.length), delimiter: delimiter || DEFAULT_DELIMITER };
    return { kind: "term", target, fail, depth };
  }
}

function isOperator(word: Word, operator: string): boolean {
  return word.kind === "word" && !word.isQuoted && word.text === operator;
}

function join(kind: "and" | "or", parts: readonly Tree[]): Tree {
  const [only] = parts;
  return only && parts.length === 1 ? only : { kind, parts };
}
