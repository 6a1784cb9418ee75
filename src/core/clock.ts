/**
 * Time as something that is passed in, so that tests move it by hand instead of sleeping.
 *
 * @module
 */

/** A source of time and of timers. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `fire` once after `delayMs`. Disposing the result before that cancels it. */
  after(delayMs: number, fire: () => void): Disposable;
  /** Calls `fire` every `periodMs` until the result is disposed. */
  every(periodMs: number, fire: () => void): Disposable;
}

/** The runtimes fire a timer that is set further ahead than this at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fire) {
    let timer: ReturnType<typeof setTimeout>;
    const set = (leftMs: number) => {
      const stepMs = Math.min(leftMs, MAX_TIMER_MS);
      timer = setTimeout(() => leftMs > stepMs ? set(leftMs - stepMs) : fire(), stepMs);
    };
    set(delayMs);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
  every(periodMs, fire) {
    const timer = setInterval(fire, Math.min(periodMs, MAX_TIMER_MS));
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};

/** Resolves after `delayMs` on `clock`, or at once when `signal` aborts. Never rejects. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      timer[Symbol.dispose]();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
