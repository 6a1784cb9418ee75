/**
 * The master as its own operator: Reactor and Maintenance give jobs through MWorkerQueue like anybody else, under
 * their own names, so that what they did stands in the same places.
 *
 * @module
 */
import type { Target } from "../target/expression.ts";
import { encodeOperatorMessage, readToOperator } from "../wire/operator_messages.ts";
import type { Exchange, Link, ToQueue } from "./link.ts";

/** How long a job of the master's own may wait to be started. */
const TTL_MS = 60_000;

/** Requests that may be without an answer; beyond this new ones are refused. */
const MAX_UNANSWERED = 1_000;

/** A job to give. */
export interface HouseJob {
  readonly target: Target;
  readonly function: string;
  readonly arguments: readonly unknown[];
}

/** Gives jobs under one name. */
export class HouseOperator implements Disposable {
  readonly #name: string;
  readonly #queue: Link<ToQueue>;
  readonly #waiting = new Map<number, (refusal: string | undefined) => void>();
  #last = 0;

  constructor(name: string, exchange: Exchange) {
    this.#name = name;
    this.#queue = exchange.connect("MWorkerQueue", (message) => {
      if (message.kind === "reply") this.#take(message.message);
    });
  }

  /** Gives a job; resolves with undefined when the master took it, else with its reason. */
  give({ target, function: name, arguments: words }: HouseJob): Promise<string | undefined> {
    if (this.#waiting.size >= MAX_UNANSWERED) {
      return Promise.resolve(`${MAX_UNANSWERED} jobs wait for an answer already`);
    }
    const request = ++this.#last;
    const call = { function: name, arguments: [...words], named: {} };
    const message = encodeOperatorMessage({ kind: "run", request, target, ...call, ttlMs: TTL_MS, preview: false });
    this.#queue.send({ kind: "request", id: this.#name, message });
    return new Promise((resolve) => this.#waiting.set(request, resolve));
  }

  [Symbol.dispose](): void {
    this.#queue[Symbol.dispose]();
    for (const resolve of this.#waiting.values()) resolve("the master is stopping");
    this.#waiting.clear();
  }

  #take(bytes: Uint8Array): void {
    const message = readToOperator(bytes);
    if (message.kind !== "reply" && message.kind !== "refused") return;
    this.#waiting.get(message.request)?.(message.kind === "refused" ? message.reason : undefined);
    this.#waiting.delete(message.request);
  }
}
