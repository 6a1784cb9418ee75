/**
 * A clock that a test moves by hand.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";

interface Timer {
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly fire: () => void;
}

/** Time stands still until {@link ManualClock.advance} moves it. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): Disposable {
    return this.#add({ dueMs: this.#nowMs + delayMs, periodMs: undefined, fire });
  }

  every(periodMs: number, fire: () => void): Disposable {
    return this.#add({ dueMs: this.#nowMs + periodMs, periodMs, fire });
  }

  /** How many timers wait; a test for leaks looks at it. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, firing what falls due in order. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = [...this.#timers].filter((t) => t.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!next) break;
      this.#nowMs = next.dueMs;
      if (next.periodMs === undefined) this.#timers.delete(next);
      else next.dueMs += next.periodMs;
      next.fire();
    }
    this.#nowMs = endMs;
  }

  #add(timer: Timer): Disposable {
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }
}
