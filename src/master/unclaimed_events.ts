/**
 * Events of jobs that nobody subscribed to yet. A worker tells the bus of a client's subscription over one road and
 * of returns over another; when a return is quicker, its event waits here for the subscription.
 *
 * @module
 */
import type { BusEvent } from "../wire/operator_messages.ts";
import type { Listener } from "./event_subscriptions.ts";

/** Roads between processes of one machine differ by less; longer, and nobody is coming. */
const KEEP_MS = 3_000;

/** Events kept in all; beyond this the oldest go. */
const MAX_EVENTS = 20_000;

/** `brine/job/<jid>/`, which a job's client subscribes to; undefined for events of other kinds. */
function pathOf(tag: string): string | undefined {
  return /^brine\/job\/[^/]+\//.exec(tag)?.[0];
}

/** An event, and who has heard it already. */
export interface Unclaimed {
  readonly event: BusEvent;
  readonly told: ReadonlySet<Listener>;
}

/** Keeps job events for those who come a moment late. */
export class UnclaimedEvents {
  readonly #byPath = new Map<string, Unclaimed[]>();
  #count = 0;

  /** Keeps an event of a job unless `isClaimed` says that its path has a subscriber; `told` have heard it. */
  keep(event: BusEvent, told: ReadonlySet<Listener>, isClaimed: (path: string) => boolean): void {
    const path = pathOf(event.tag);
    if (path === undefined || isClaimed(path)) return;
    this.#forgetOld(event.at);
    const events = this.#byPath.get(path);
    if (events) events.push({ event, told });
    else this.#byPath.set(path, [{ event, told }]);
    this.#count++;
  }

  /** The events of a path that somebody subscribes to now, in order; they are no longer kept. */
  claim(path: string): readonly Unclaimed[] {
    const events = this.#byPath.get(path) ?? [];
    this.#byPath.delete(path);
    this.#count -= events.length;
    return events;
  }

  #forgetOld(now: number): void {
    for (const [path, [first]] of this.#byPath) {
      if (first && now - first.event.at < KEEP_MS && this.#count < MAX_EVENTS) return; // the others are younger
      this.claim(path);
    }
  }
}
