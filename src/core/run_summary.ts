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
  /** What the function answered. */
  readonly return: unknown;
  /** 0 where it went well; the exit code of a command. */
  readonly retcode: number;
  /** Whether the minion counts it as done. */
  readonly success: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** How long it took there. */
  readonly durationMs: number;
}

/** A run as it stands when it is reported. */
export interface RunSummary {
  /** The job's id. */
  readonly jid: string;
  /** The target's expression, as it was typed. */
  readonly target: string;
  /** Such as `cmd.run`. */
  readonly function: string;
  /** As they were given. */
  readonly arguments: readonly unknown[];
  /** Whom the target meant. */
  readonly expected: readonly string[];
  /** The answers, by minion. */
  readonly returns: ReadonlyMap<string, MinionReturn>;
  /** Who did not answer, and why: "unreachable since 12:03:11". */
  readonly missing: ReadonlyMap<string, string>;
  /** How many minions are in each state; the sum is that of `expected`. */
  readonly ledger: Readonly<Record<LedgerState, number>>;
  /** From the request to the last answer, or until now. */
  readonly elapsedMs: number;
}

/** Whether the function did its work. */
export function isFailure(answer: Pick<MinionReturn, "success" | "retcode">): boolean {
  return !answer.success || answer.retcode !== 0;
}
