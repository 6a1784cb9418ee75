/**
 * Text that is safe to show on a terminal. What a minion returns is data; it must not move the cursor, change the
 * title, paste text or hide a line of whoever reads it.
 *
 * @module
 */

/** C0, DEL, C1, and the marks that reverse the direction of text. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * The text with control characters spelled out, as in `\x1b[2J`. Line feeds and tabs stay, and a carriage return
 * before a line feed is dropped.
 */
export function escapeControls(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNSAFE, (char) => char === "\n" || char === "\t" ? char : spell(char));
}

/** The same for text that has to stay on one line. */
export function escapeToLine(text: string): string {
  return escapeControls(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

function spell(char: string): string {
  const code = char.charCodeAt(0);
  if (char === "\r") return "\\r";
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
