/**
 * What the transport's tests share: text as frames, taking messages one by one, sockets that are closed in order.
 *
 * @module
 */
import { systemClock } from "../../src/core/clock.ts";
import { MemoryNetwork, memoryTransport } from "../../src/transport/memory.ts";
import type { Frame, Transport, TransportReport } from "../../src/transport/transport.ts";
import { zwsTransport } from "../../src/transport/zws/zws.ts";
import { until } from "../kit/until.ts";

/** Text as a frame. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Frames as text. */
export const texts = (frames: readonly Frame[]): string[] => frames.map((frame) => new TextDecoder().decode(frame));

/** Reconnects soon: tests do not wait. */
export const SOON = { firstMs: 5, maxMs: 20 };

/** A reproducible stand-in for `Math.random`. */
export function seededRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** The real transport. */
export const zws = (): Transport => zwsTransport({ clock: systemClock, random: seededRandom() });
/** The twin, on a network of its own. */
export const memory = (): Transport =>
  memoryTransport(new MemoryNetwork({ clock: systemClock, random: seededRandom() }));

/** Collects everything that an iterable yields, while the test goes on. */
export class Collector<T> implements AsyncDisposable {
  readonly items: T[] = [];
  readonly done: Promise<void>;

  constructor(source: AsyncIterable<T>) {
    this.done = this.#run(source);
  }

  /** Waits for the next one that was not taken yet. */
  async take(): Promise<T> {
    await until("a message", () => this.items.length > 0);
    return this.items.shift() as T;
  }

  async takeMany(count: number): Promise<T[]> {
    await until(`${count} messages`, () => this.items.length >= count);
    return this.items.splice(0, count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.done;
  }

  async #run(source: AsyncIterable<T>): Promise<void> {
    for await (const item of source) this.items.push(item);
  }
}

/** Reports by their words. */
export class Reports {
  readonly all: TransportReport[] = [];
  readonly onReport = (report: TransportReport): void => void this.all.push(report);

  async seen(pattern: RegExp, limitMs?: number): Promise<TransportReport> {
    return await until(`a report ${pattern}`, () => this.all.find(({ reason }) => pattern.test(reason)), limitMs);
  }
}
