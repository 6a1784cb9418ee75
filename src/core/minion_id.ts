/**
 * What a minion may be called. Ids become file names, event tags and table rows, so nothing else is ever let in.
 *
 * @module
 */
import { ProtocolError } from "./errors.ts";
import { printable } from "./printable.ts";

const PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Whether `text` may be the id of a minion or the name of an operator. */
export function isMinionId(text: string): boolean {
  return PATTERN.test(text);
}

/** The id itself, or a `ProtocolError` that never repeats the hostile text as it came. */
export function parseMinionId(text: string): string {
  if (isMinionId(text)) return text;
  const shown = printable(JSON.stringify(text.slice(0, 60)));
  throw new ProtocolError(
    `Cannot use id ${shown}: 1 to 128 of A-Z a-z 0-9 . _ - are allowed, the first a letter or digit`,
  );
}
