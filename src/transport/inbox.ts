/**
 * Where received messages wait for `for await`: a queue with a bound, for one consumer. At the bound `offer` says
 * false and its caller decides what that costs the sender; nothing here grows for ever.
 *
 * @module
 */

/** A bounded queue that is read by asynchronous iteration. Leaving a loop early keeps what is still queued. */
export class Inbox<T> implements AsyncIterable<T> {
  readonly #limit: number;
  #items: (T | undefined)[] = [];
  #head = 0;
  #hasEnded = false;
  #wake: ((result: IteratorResult<T, undefined>) => void) | undefined;
  // One of each for all messages, so that waiting costs no closure.
  readonly #park = (resolve: (result: IteratorResult<T, undefined>) => void): void => {
    this.#wake = resolve;
  };
  readonly #iterator: AsyncIterator<T, undefined> = { next: () => this.#next() };

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many wait. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Hands `item` to the consumer, or queues it. False at the bound, and after the end. */
  offer(item: T): boolean {
    if (this.#hasEnded) return false;
    const wake = this.#wake;
    if (wake) {
      this.#wake = undefined;
      wake({ value: item, done: false });
      return true;
    }
    if (this.size >= this.#limit) return false;
    this.#items.push(item);
    return true;
  }

  /** Nothing more will come; what is queued is still yielded. */
  end(): void {
    this.#hasEnded = true;
    this.#wake?.({ value: undefined, done: true });
    this.#wake = undefined;
  }

  /** Forgets what is queued. */
  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.#iterator;
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#head < this.#items.length) return Promise.resolve({ value: this.#take(), done: false });
    if (this.#hasEnded) return Promise.resolve({ value: undefined, done: true });
    if (this.#wake) return Promise.reject(new Error("Cannot read messages: somebody else is reading them"));
    return new Promise(this.#park);
  }

  #take(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined; // the consumer alone keeps it alive
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
