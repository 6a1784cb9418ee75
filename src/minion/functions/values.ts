/**
 * From what was given to what a parameter's type demands. The declared type decides, never the look of the word:
 * `cmd.run true` runs the program `true`.
 *
 * @module
 */
import { utf8 } from "../../core/bytes.ts";
import { parseDurationMs } from "../../core/duration.ts";
import type { ParameterType, ParameterTypes } from "./function.ts";

/** The value does not fit the type. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
}

type Converters = { readonly [T in ParameterType]: (given: unknown) => ParameterTypes[T] };

const CONVERTERS: Converters = {
  any: (given) => given,
  string: (given) => typeof given === "string" ? given : refuse("text", given),
  number: (given) => numberOf(given) ?? refuse("a number", given),
  integer(given) {
    const value = numberOf(given);
    return value !== undefined && Number.isSafeInteger(value) ? value : refuse("a whole number", given);
  },
  boolean(given) {
    if (typeof given === "boolean") return given;
    const word = typeof given === "string" ? given.toLowerCase() : "";
    if (word === "true" || word === "yes" || word === "on") return true;
    if (word === "false" || word === "no" || word === "off") return false;
    return refuse("true or false", given);
  },
  seconds(given) {
    if (typeof given === "number" && Number.isFinite(given) && given >= 0) return given;
    if (typeof given !== "string") return refuse("seconds", given);
    try {
      return parseDurationMs(given, "seconds") / 1000;
    } catch {
      return refuse("seconds", given);
    }
  },
  bytes(given) {
    if (given instanceof Uint8Array) return given;
    return typeof given === "string" ? utf8(given) : refuse("text or bytes", given);
  },
  map(given) {
    const value = typeof given === "string" && given.trimStart().startsWith("{") ? fromJson(given) : given;
    if (isMap(value)) return value;
    const pair = typeof value === "string" ? /^([^=]+)=(.*)$/s.exec(value) : null;
    return pair?.[1] === undefined ? refuse("a map, as JSON or as KEY=VALUE", given) : entry(pair[1], pair[2] ?? "");
  },
  list(given) {
    const value = typeof given === "string" && given.trimStart().startsWith("[") ? fromJson(given) : given;
    if (Array.isArray(value)) return value;
    return typeof value === "string" ? [value] : refuse("a list, as JSON", given);
  },
};

/** `given` as a value of `type`; throws a {@link Mismatch} that ends "takes …, got …". */
export function convert<T extends ParameterType>(type: T, given: unknown): ParameterTypes[T] {
  return CONVERTERS[type](given);
}

/** How a value is shown in an error: short, and never ambiguous about what is text. */
export function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = typeof value === "bigint" ? `${value}` : JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function refuse(what: string, given: unknown): never {
  throw new Mismatch(`takes ${what}, got ${show(given)}`);
}

function numberOf(given: unknown): number | undefined {
  const isNumeral = typeof given === "string" && /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(given);
  const value = isNumeral || typeof given === "bigint" ? Number(given) : given;
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function entry(key: string, value: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries([[key, value]]); // defines the key as it is, even "__proto__"
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
