/**
 * Which minions are connected and hear jobs, as MWorkerQueue tells every worker.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import type { PresenceState } from "./link.ts";

/** A minion that was welcomed and does not subscribe within this long does not count as on its way. */
export const JOINING_MS = 3_000;

/** Since when and from where a minion is there. */
export interface Sighting {
  readonly since: number;
  readonly address: string;
}

/** The minions that are up, and those on their way. */
export class Presence implements Disposable {
  readonly #clock: Clock;
  readonly #up = new Map<string, Sighting>();
  readonly #joining = new Map<string, number>();
  readonly #waiters = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes what MWorkerQueue says. */
  note({ id, state, at, address }: { id: string; state: PresenceState; at: number; address: string }): void {
    if (state === "joining") return void this.#joining.set(id, at);
    this.#joining.delete(id);
    if (state === "up") this.#up.set(id, { since: at, address });
    else this.#up.delete(id);
    for (const check of this.#waiters) check();
  }

  /** The front has just come up and knows nobody yet: whoever was up last is on the way, and it will tell of each. */
  expectBack(ids: readonly string[]): void {
    for (const id of ids) this.#joining.set(id, this.#clock.now());
    this.#up.clear();
    for (const check of this.#waiters) check();
  }

  /** Undefined when the minion is down. */
  find(id: string): Sighting | undefined {
    return this.#up.get(id);
  }

  /**
   * Waits until none of these ids is on its way any more, for at most {@link JOINING_MS}: a job that is given right
   * after a key was accepted, or a master started, reaches those that are just coming in.
   */
  async settled(ids: readonly string[]): Promise<void> {
    const joining = new Set(ids.filter((id) => this.#isJoining(id)));
    if (joining.size === 0) return;
    await new Promise<void>((resolve) => {
      const finish = () => {
        timer[Symbol.dispose]();
        this.#waiters.delete(check);
        resolve();
      };
      const check = () => {
        for (const id of joining) if (!this.#isJoining(id)) joining.delete(id);
        if (joining.size === 0) finish();
      };
      const timer = this.#clock.after(JOINING_MS, finish);
      this.#waiters.add(check);
    });
  }

  /** Nobody waits any longer. */
  [Symbol.dispose](): void {
    this.#joining.clear();
    for (const check of this.#waiters) check();
  }

  #isJoining(id: string): boolean {
    const since = this.#joining.get(id);
    return since !== undefined && this.#clock.now() - since < JOINING_MS;
  }
}
