/**
 * How a returned value is printed: Salt's nested look, but plain. Strings as they are, maps as `key: value`, lists as
 * `- item`, everything below indented by two spaces.
 *
 * @module
 */
import type { Style } from "./style.ts";
import { escapeControls, escapeToLine } from "./terminal.ts";

type Controls = Pick<Style, "keepControls">;

/** The lines of a value; the empty string has none. */
export function formatValue(value: unknown, style: Controls = {}): readonly string[] {
  const scalar = formatScalar(value, style);
  if (scalar !== undefined) return scalar === "" ? [] : scalar.replace(/\n+$/, "").split("\n");
  if (Array.isArray(value)) return value.flatMap((item) => formatItem(item, style));
  return entriesOf(value).flatMap(([key, item]) => formatEntry(key, item, style));
}

/** Whether a value is one piece of text, without keys or items. */
export function isFlat(value: unknown): boolean {
  return typeof value === "string" || formatScalar(value, {}) !== undefined;
}

/** Lines moved to the right. */
export function indent(lines: readonly string[], by = "  "): readonly string[] {
  return lines.map((line) => line === "" ? "" : by + line);
}

/** A value that is one piece of text, and empty lists and maps; `undefined` for what has parts. */
function formatScalar(value: unknown, { keepControls = false }: Controls): string | undefined {
  if (typeof value === "string") return keepControls ? value : escapeControls(value);
  if (value instanceof Uint8Array) return `<${value.length} bytes of binary data>`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "null" : value.toISOString();
  if (Array.isArray(value)) return value.length === 0 ? "[]" : undefined;
  if (typeof value === "object" && value !== null) return entriesOf(value).length === 0 ? "{}" : undefined;
  return value === undefined ? "null" : String(value);
}

function formatEntry(key: string, value: unknown, style: Controls): readonly string[] {
  const name = style.keepControls ? key : escapeToLine(key);
  const lines = formatValue(value, style);
  const [only] = lines;
  if (lines.length === 0) return [`${name}:`];
  return lines.length === 1 && only !== undefined && isFlat(value)
    ? [`${name}: ${only}`]
    : [`${name}:`, ...indent(lines)];
}

function formatItem(item: unknown, style: Controls): readonly string[] {
  const [first = "", ...rest] = formatValue(item, style);
  return [`- ${first}`.trimEnd(), ...indent(rest)];
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (value instanceof Map) return Array.from(value, ([key, item]) => [String(key), item]);
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
