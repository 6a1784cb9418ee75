/**
 * The errors that some caller treats differently. Everything else is a plain `Error`.
 *
 * Wording: `Cannot <verb> <what>: <state>`, no full stop at the end, the cause kept.
 *
 * @module
 */

/** Bytes or values from a peer that the protocol does not allow: drop them, and the peer if it goes on. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** What the user typed or configured is wrong; no retry will help. Exit code 2. */
export class UsageError extends Error {
  /** For a `switch`. */
  override readonly name = "UsageError";
}

/** The other side understood and said no. Exit code 4. */
export class RefusedError extends Error {
  /** For a `switch`. */
  override readonly name = "RefusedError";
}

/** Nobody answers at the address, or the connection was lost before an answer. Exit code 5. */
export class UnreachableError extends Error {
  /** For a `switch`. */
  override readonly name = "UnreachableError";
}

/** The text of whatever was thrown, for a log line or for the end of another error's message. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  try {
    return String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown); // an object without a text of its own
  }
}
