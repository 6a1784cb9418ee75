/**
 * Many small writes as one transaction: whatever arrives in one turn of the event loop is committed together, and
 * only then acknowledged.
 *
 * @module
 */
import { reasonOf } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { soon } from "../runtime/soon.ts";

/** One write: `write` runs inside the transaction, and what it returns runs after the commit. */
export type Write = () => () => void;

/** Collects writes and commits them together. */
export class GroupCommit implements Disposable {
  #waiting: Write[] = [];
  #afterwards: (() => void)[] = [];
  #isScheduled = false;
  readonly #together: (work: () => void) => void;
  readonly #log: Log;

  /** `together` runs its argument in one transaction. */
  constructor(together: (work: () => void) => void, log: Log) {
    this.#together = together;
    this.#log = log;
  }

  /** Adds a write to the next commit. */
  add(write: Write): void {
    this.#waiting.push(write);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    soon(() => this.flush());
  }

  /** Runs `act` when everything that waits now has been committed, or could not be; at once when nothing waits. */
  afterwards(act: () => void): void {
    if (this.#waiting.length === 0) act();
    else this.#afterwards.push(act);
  }

  /** Commits what waits now. When that fails each is tried by itself: one that cannot be written harms no other. */
  flush(): void {
    this.#isScheduled = false;
    const [writes, afterwards] = [this.#waiting, this.#afterwards];
    this.#waiting = [];
    this.#afterwards = [];
    if (writes.length > 0 && !this.#commit(writes) && writes.length > 1) {
      for (const write of writes) this.#commit([write]);
    }
    for (const act of afterwards) act();
  }

  [Symbol.dispose](): void {
    this.flush();
  }

  /** False when nothing was committed: nobody is told, and who waits for an answer asks again. */
  #commit(writes: readonly Write[]): boolean {
    const done: (() => void)[] = [];
    try {
      this.#together(() => {
        for (const write of writes) done.push(write());
      });
    } catch (thrown) {
      this.#log.error(`Cannot store ${writes.length} messages: ${reasonOf(thrown)}`);
      return false;
    }
    for (const tell of done) {
      try {
        tell();
      } catch (thrown) {
        this.#log.error(`Cannot tell what was stored: ${reasonOf(thrown)}`);
      }
    }
    return true;
  }
}
