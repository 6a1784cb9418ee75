/**
 * Values as JSON text that is safe to show.
 *
 * @module
 */
import { type JsonValue, toJson } from "../core/json.ts";

export { type JsonValue, toJson };

/** One JSON document, on one line unless `indent` says how many spaces; safe to show on a terminal. */
export function formatJson(value: unknown, indent = 0): string {
  // JSON.stringify escapes C0 only; a terminal also obeys DEL and C1.
  return JSON.stringify(toJson(value), undefined, indent).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (char) => {
      return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
    },
  );
}
