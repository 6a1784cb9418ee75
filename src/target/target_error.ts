/**
 * The one wording for "this target cannot be read": which text, what is wrong, and where.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";

const SHOWN_CHARS = 80;

/** Text as it may be repeated in a message: short, on one line, with nothing that a terminal obeys. */
export function shown(text: string): string {
  const short = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
  return short.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Makes the error for a place in some text; `index` counts from 0. Parsers of parts are handed one by the whole. */
export type Fail = (state: string, index?: number) => Error;

/** A {@link Fail} for this target: a `UsageError` that points at a character, counted from 1 in the message. */
export function failReading(expression: string, what = "target"): Fail {
  return (state, index) => {
    const place = index === undefined ? "" : ` (character ${index + 1})`;
    return new UsageError(`Cannot read ${what} "${shown(expression)}": ${state}${place}`);
  };
}
