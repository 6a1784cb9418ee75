/**
 * Ctrl-C while a job is waited for: the first one asks to stop waiting, in order; the second one leaves at once.
 *
 * @module
 */
import { exit, onSignals } from "../runtime/process.ts";
import { EXIT } from "./exit_codes.ts";

/** Listens for Ctrl-C until it is disposed. Made before the job is asked for, so that none goes on unnoticed. */
export class Interrupt implements Disposable {
  readonly #asked = new AbortController();
  readonly #signals = onSignals(["SIGINT"], () => {
    if (this.#asked.signal.aborted) exit(EXIT.interrupted);
    this.#asked.abort();
  });

  /** Aborted at the first Ctrl-C. */
  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  [Symbol.dispose](): void {
    this.#signals[Symbol.dispose]();
  }
}
