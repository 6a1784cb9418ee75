/**
 * After the input that is already there has been read: the moment to write out what it caused, together.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/** Calls `work` once, after the events that are ready now. */
export function soon(work: () => void): void {
  setImmediate(work);
}
