/**
 * Whether a grain fits: `os:Debian`, `disks:sda:*`, `ipv6:2001:db8::1`.
 *
 * As in Salt: case does not count in values; a list fits if one of its items does; a map fits a name that it has, and
 * `*`; and since a value may hold the delimiter itself, every split into a path and a value is tried.
 *
 * @module
 */
import { formatGrain, getChild, getGrain, type Grains, isGrainMap } from "./grains.ts";
import { MAX_GRAIN_PARTS, MAX_VALUE_CHARS } from "./limits.ts";
import type { Fail } from "./target_error.ts";

/** Whether one value fits. */
export type ValueTest = (text: string) => boolean;

/** Compiles the value's part of a target: `text` is what is compared, `index` where it begins. */
export type CompileValue = (text: string, index: number) => ValueTest | Promise<ValueTest>;

/** A compiled grain target. */
export interface GrainTest {
  matches(grains: Grains): boolean;
  reason(grains: Grains): string;
}

interface Split {
  readonly wanted: string;
  readonly test: ValueTest;
}

/** Compiles `key:value` with every split; `compile` makes a test of each possible value. */
export async function compileGrain(
  expression: string,
  options: { readonly delimiter: string; readonly fail: Fail; readonly compile: CompileValue },
): Promise<GrainTest> {
  const { delimiter, fail, compile } = options;
  const parts = expression.split(delimiter);
  if (parts.length < 2) {
    throw fail(`a grain and a value are expected, as in os${delimiter}Debian`, expression.length - 1);
  }
  if (parts.length > MAX_GRAIN_PARTS) throw fail(`more than ${MAX_GRAIN_PARTS} parts between "${delimiter}"`);
  if (parts[0] === "") throw fail("the name of a grain is expected", 0);
  const splits: Split[] = [];
  let index = 0;
  for (let depth = 1; depth < parts.length; depth++) {
    index += (parts[depth - 1] ?? "").length + 1;
    const wanted = parts.slice(depth).join(delimiter);
    const test = await compileOrNever(compile, { wanted, index, isWhole: depth === 1 });
    splits.push({ wanted, test });
  }
  const matches = (grains: Grains) => matchesBelow(grains, parts, splits);
  return { matches, reason: (grains) => reasonFor(grains, { parts, delimiter, isMatch: matches(grains) }) };
}

/**
 * Every split but the first begins in the middle of what the operator may have meant as one value, so a piece that
 * cannot be read (the `b]` of `a:[a:b]`) matches nothing instead of being an error.
 */
async function compileOrNever(
  compile: CompileValue,
  { wanted, index, isWhole }: { wanted: string; index: number; isWhole: boolean },
): Promise<ValueTest> {
  if (wanted === "" && !isWhole) return (text) => text === "";
  try {
    return await compile(wanted, index);
  } catch (cause) {
    if (isWhole) throw cause;
    return () => false;
  }
}

/** Walks down one key at a time and compares at each level; `*` as a key means every key. */
function matchesBelow(value: unknown, parts: readonly string[], splits: readonly Split[], level = 0): boolean {
  const split = splits[level];
  if (!split) return false;
  const key = parts[level] ?? "";
  const children = key === "*" && isGrainMap(value) ? Object.values(value) : [getChild(value, key)];
  return children.some((child) => {
    if (child === undefined) return false;
    return fits(child, split) || matchesBelow(child, parts, splits, level + 1);
  });
}

function fits(value: unknown, split: Split): boolean {
  if (Array.isArray(value)) return value.some((item) => !Array.isArray(item) && fits(item, split));
  if (isGrainMap(value)) return split.wanted === "*" || Object.hasOwn(value, split.wanted);
  if (value instanceof Uint8Array) return split.wanted === "*";
  const text = formatGrain(value);
  if (text === undefined) return false;
  return split.wanted === "*" || (text.length <= MAX_VALUE_CHARS && split.test(text));
}

function reasonFor(
  grains: Grains,
  { parts, delimiter, isMatch }: { parts: readonly string[]; delimiter: string; isMatch: boolean },
): string {
  for (let depth = parts.length - 1; depth > 0; depth--) {
    const path = parts.slice(0, depth).join(delimiter);
    const value = getGrain(grains, path, delimiter);
    if (value === undefined) continue;
    const relation = isMatch ? "which fits" : "which does not fit";
    return `its grain ${path} is ${abbreviate(value)}, ${relation} "${parts.slice(depth).join(delimiter)}"`;
  }
  return isMatch ? "one of its grains fits" : `it has no grain ${parts[0]}`;
}

function abbreviate(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isGrainMap(value)) return "a map";
  const text = formatGrain(value) ?? "binary data";
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
