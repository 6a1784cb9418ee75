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

  /** Commits what waits now. A write that fails takes the others of its turn with it: nobody is told, all ask again. */
  flush(): void {
    this.#isScheduled = false;
    const writes = this.#waiting;
    this.#waiting = [];
    if (writes.length === 0) return;
    const done: (() => void)[] = [];
    try {
      this.#together(() => {
        for (const write of writes) done.push(write());
      });
    } catch (thrown) {
      this.#log.error(`Cannot store ${writes.length} messages: ${reasonOf(thrown)}`);
      return;
    }
    for (const tell of done) tell();
  }

  [Symbol.dispose](): void {
    this.flush();
  }
}
