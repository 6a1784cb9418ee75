/**
 * What the shell is told. These numbers are a contract.
 *
 * @module
 */
import { RefusedError, UnreachableError, UsageError } from "../core/errors.ts";

/** Exit codes by meaning. */
export const EXIT = {
  /** Everyone answered and succeeded. */
  ok: 0,
  /** A function failed somewhere; or Brine itself did. */
  failed: 1,
  /** Wrong usage, or no minion matched. */
  usage: 2,
  /** Someone did not answer. */
  missing: 3,
  /** Refused. */
  refused: 4,
  /** No master. */
  noMaster: 5,
  /** Interrupted. */
  interrupted: 130,
} as const;

/** The code for what was thrown. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof UsageError) return EXIT.usage;
  if (thrown instanceof RefusedError) return EXIT.refused;
  if (thrown instanceof UnreachableError) return EXIT.noMaster;
  return EXIT.failed;
}
