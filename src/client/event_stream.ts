/**
 * The bus's events for one reader, who may be slow: from the bound on they are dropped until it has read what waits,
 * and then it is told how many they were.
 *
 * @module
 */
import { Inbox } from "../transport/inbox.ts";
import type { BusEvent } from "../wire/operator_messages.ts";
import { MISSED_TAG, missedEvent } from "./connection.ts";

/** What a stream is made with. */
export interface EventStreamOptions {
  readonly limit: number;
  readonly matches: (tag: string) => boolean;
  readonly now: () => number;
}

/** A bounded stream of events. */
export class EventStream implements AsyncIterable<BusEvent> {
  readonly #options: EventStreamOptions;
  readonly #inbox: Inbox<BusEvent>;
  #missed = 0;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#inbox = new Inbox(options.limit);
  }

  /** Takes an event, if it is one of those that the reader wants. */
  take(event: BusEvent): void {
    if (event.tag === MISSED_TAG) this.#missed += Number(event.data["count"]);
    else if (!this.#options.matches(event.tag)) return;
    else if (this.#missed > 0 || !this.#inbox.offer(event)) this.#missed++;
    if (this.#missed > 0 && this.#inbox.size === 0) this.#inbox.offer(this.#takeMissed());
  }

  /** Nothing more will come. */
  end(): void {
    this.#inbox.end();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<BusEvent> {
    for await (const event of this.#inbox) {
      yield event;
      if (this.#missed > 0 && this.#inbox.size === 0) yield this.#takeMissed();
    }
  }

  #takeMissed(): BusEvent {
    const count = this.#missed;
    this.#missed = 0;
    return missedEvent(count, this.#options.now());
  }
}
