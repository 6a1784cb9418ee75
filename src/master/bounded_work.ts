/**
 * Tasks that run a few at a time while a bounded number waits; beyond that they are dropped and counted.
 *
 * @module
 */

/** Runs tasks; a task must not reject. */
export class BoundedWork {
  readonly #limits: { readonly running: number; readonly waiting: number };
  readonly #onDropped: (count: number) => void;
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #running = new Set<Promise<void>>();
  #dropped = 0;

  /**
   * `onDropped` hears how many were dropped since it heard last: when half of those that wait have run, when as many
   * were dropped as may wait, and at the end. Not each time, or it would be told as often as there is too much to do.
   */
  constructor(limits: { running: number; waiting: number }, onDropped: (count: number) => void) {
    this.#limits = limits;
    this.#onDropped = onDropped;
  }

  /** Runs a task now, later, or not at all. */
  add(task: () => Promise<void>): void {
    if (this.#running.size < this.#limits.running) return this.#start(task);
    if (this.#waiting.length < this.#limits.waiting) return void this.#waiting.push(task);
    this.#dropped++;
    if (this.#dropped >= this.#limits.waiting) this.#tell();
  }

  /** Drops what waits and resolves when what runs has ended. */
  async settled(): Promise<void> {
    this.#dropped += this.#waiting.length;
    this.#waiting.length = 0;
    await Promise.all(this.#running);
    this.#tell();
  }

  #start(task: () => Promise<void>): void {
    const running = task().finally(() => {
      this.#running.delete(running);
      const next = this.#waiting.shift();
      if (next) this.#start(next);
      if (this.#waiting.length <= this.#limits.waiting / 2) this.#tell();
    });
    this.#running.add(running);
  }

  #tell(): void {
    const count = this.#dropped;
    this.#dropped = 0;
    if (count > 0) this.#onDropped(count);
  }
}
