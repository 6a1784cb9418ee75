/**
 * JSON of whatever came by msgpack, which knows bytes, big integers and keys that JSON and JavaScript trip over.
 *
 * @module
 */

/** What JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The value as JSON says it: bytes as `{"base64": "…"}`, a big integer as a string, NaN and Infinity as null. */
export function toJson(value: unknown): JsonValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      // Plus zero, because JSON has no -0 and YAML would print one.
      return Number.isFinite(value) ? value + 0 : null;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "object":
      return value === null ? null : objectToJson(value);
    default:
      return null;
  }
}

function objectToJson(value: object): JsonValue {
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Uint8Array) return { base64: encodeBase64(value) };
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value.entries() : Object.entries(value);
  // fromEntries defines keys, it does not assign them: `__proto__` stays a key.
  return Object.fromEntries(Array.from(entries, ([key, item]) => [String(key), toJson(item)]));
}

function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}
