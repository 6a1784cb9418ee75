/**
 * What became of a run: the value that every format of the report is made from.
 *
 * @module
 */

/** Where a job stands on one minion. */
export type LedgerState =
  | "published"
  | "delivered"
  | "running"
  | "returned"
  | "failed"
  | "expired"
  | "unreachable";

/** One minion's answer. */
export interface MinionReturn {
  readonly return: unknown;
  readonly retcode: number;
  readonly success: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** A run as it stands when it is reported. */
export interface RunSummary {
  readonly jid: string;
  readonly target: string;
  readonly function: string;
  readonly arguments: readonly unknown[];
  readonly expected: readonly string[];
  readonly returns: ReadonlyMap<string, MinionReturn>;
  /** Who did not answer, and why: "unreachable since 12:03:11". */
  readonly missing: ReadonlyMap<string, string>;
  readonly ledger: Readonly<Record<LedgerState, number>>;
  readonly elapsedMs: number;
}

/** Whether the function did its work. */
export function isFailure(answer: Pick<MinionReturn, "success" | "retcode">): boolean {
  return !answer.success || answer.retcode !== 0;
}
