/**
 * What a function returned, as msgpack can carry it without extension types: undefined becomes null, dates become
 * their ISO text, sets lists, maps objects; what has no plain form becomes its text.
 *
 * @module
 */

/** A copy of `value` made of null, booleans, numbers, strings, bytes, lists and maps. */
export function plainValue(value: unknown, depth = 0): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return value;
  if (depth > 60 || typeof value !== "object") return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) return value.message;
  if (value instanceof Map) return plainValue(Object.fromEntries(value), depth);
  if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => plainValue(item, depth + 1));
  const entries = Object.entries(value).filter(([name]) => name !== "__proto__");
  return Object.fromEntries(entries.map(([name, item]) => [name, plainValue(item, depth + 1)]));
}
