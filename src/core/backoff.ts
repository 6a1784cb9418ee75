/**
 * When to try again: exponential, capped, with full jitter, so that ten thousand minions that lost the master
 * together do not return together.
 *
 * @module
 */

/** How the waits grow. */
export interface BackoffOptions {
  /** The ceiling of the first wait. */
  readonly firstMs: number;
  /** The ceiling that no wait exceeds. */
  readonly maxMs: number;
  /** A number in [0, 1): `Math.random` outside tests. */
  readonly random: () => number;
}

/** A sequence of waits that starts over after a success. */
export class Backoff {
  #attempt = 0;
  readonly #options: BackoffOptions;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** The next wait in milliseconds: anywhere between 0 and a ceiling that doubles each time. */
  nextMs(): number {
    const { firstMs, maxMs, random } = this.#options;
    const ceilingMs = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempt++, 30));
    return Math.round(random() * ceilingMs);
  }

  /** Starts over: the next wait is again at most `firstMs`. */
  reset(): void {
    this.#attempt = 0;
  }
}
