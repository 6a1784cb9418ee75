/**
 * Text from outside, made fit for one line of a log or of an error: nothing in it moves the cursor, starts a line or
 * turns the reading direction round.
 *
 * @module
 */

/** C0, DEL, C1, line and paragraph separators, and the marks that reverse the direction of text. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** `text` with everything unsafe spelled out, as in `\u001b[2J`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
