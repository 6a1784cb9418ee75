/**
 * Groups equal answers, so that ten thousand times "ok" is one line. Linear in the size of the answers.
 *
 * @module
 */
import { compareNatural } from "../target/natural_order.ts";
import { NodeSet } from "../target/node_set.ts";
import type { MinionReturn } from "../core/run_summary.ts";

/** Minions that answered the same. */
export interface Fold {
  readonly ids: NodeSet;
  readonly value: unknown;
  readonly retcode: number;
  readonly success: boolean;
}

/** The groups, the biggest first, then by first id. */
export function fold(returns: Iterable<readonly [string, MinionReturn]>): readonly Fold[] {
  const groups = new Map<string, { ids: string[]; answer: MinionReturn }>();
  for (const [id, answer] of returns) {
    const key = `${answer.retcode} ${answer.success} ${canonical(answer.return)}`;
    const group = groups.get(key);
    if (group) group.ids.push(id);
    else groups.set(key, { ids: [id], answer });
  }
  return Array.from(groups.values(), ({ ids, answer }) => {
    return { ids: NodeSet.of(ids), value: answer.return, retcode: answer.retcode, success: answer.success };
  }).sort((a, b) => b.ids.size - a.ids.size || compareNatural(a.ids.first ?? "", b.ids.first ?? ""));
}

/** A text that is the same for equal values and differs for others: types are marked, keys sorted. */
function canonical(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) {
    return `<${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")}>`;
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value instanceof Date) return `@${value.getTime()}`;
  if (typeof value === "object" && value !== null) {
    const entries: readonly (readonly [string, unknown])[] = value instanceof Map
      ? Array.from(value, ([key, item]) => [String(key), item])
      : Object.entries(value);
    const sorted = entries.toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
    return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
  }
  // 1 and 1n are the same integer; how msgpack carried it is nobody's business.
  return String(value ?? null);
}
