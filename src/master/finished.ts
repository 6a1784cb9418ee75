/**
 * The numbers of finished tasks, told once a turn of the event loop.
 *
 * @module
 */
import { soon } from "../runtime/soon.ts";

/** Collects numbers. */
export class Finished {
  #tasks: number[] = [];
  readonly #tell: (tasks: readonly number[]) => void;

  constructor(tell: (tasks: readonly number[]) => void) {
    this.#tell = tell;
  }

  /** A task has been done, or refused. */
  add(task: number): void {
    this.#tasks.push(task);
    if (this.#tasks.length > 1) return;
    soon(() => {
      this.#tell(this.#tasks);
      this.#tasks = [];
    });
  }
}
