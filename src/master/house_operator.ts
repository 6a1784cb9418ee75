/**
 * The master as its own operator: Reactor and Maintenance give jobs through MWorkerQueue like anybody else, under
 * their own names, so that what they did stands in the same places.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { reasonOf } from "../core/errors.ts";
import type { Target } from "../target/expression.ts";
import { encodeOperatorMessage, readFromOperator, readToOperator } from "../wire/operator_messages.ts";
import type { Exchange, Link, ToQueue } from "./link.ts";

/** How long a job of the master's own may wait to be started. */
const TTL_MS = 60_000;

/** Requests that may be without an answer; beyond this new ones are refused. */
const MAX_UNANSWERED = 1_000;

/** A front that dies takes the requests that it had taken with it: nobody waits for ever. */
const ANSWER_LIMIT_MS = 30_000;

/** A job to give. */
export interface HouseJob {
  readonly target: Target;
  readonly function: string;
  readonly arguments: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** Gives jobs under one name. */
export class HouseOperator implements Disposable {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #queue: Link<ToQueue>;
  readonly #waiting = new Map<number, (refusal: string | undefined) => void>();
  #last = 0;

  constructor(name: string, { exchange, clock }: { exchange: Exchange; clock: Clock }) {
    this.#name = name;
    this.#clock = clock;
    this.#queue = exchange.connect("MWorkerQueue", (message) => {
      if (message.kind === "reply") this.#take(message.message);
    });
  }

  /** Gives a job; resolves with undefined when the master took it, else with its reason. Never rejects. */
  async give({ target, function: name, arguments: words, named }: HouseJob): Promise<string | undefined> {
    if (this.#waiting.size >= MAX_UNANSWERED) return `${MAX_UNANSWERED} jobs wait for an answer already`;
    const request = ++this.#last;
    const call = { function: name, arguments: [...words], named: { ...named } };
    let message: Uint8Array;
    try {
      message = encodeOperatorMessage({ kind: "run", request, target, ...call, ttlMs: TTL_MS, preview: false });
      readFromOperator(message); // what no worker could read would never be answered
    } catch (thrown) {
      return `Cannot give a job: ${reasonOf(thrown)}`;
    }
    const answer = Promise.withResolvers<string | undefined>();
    this.#waiting.set(request, answer.resolve);
    using _limit = this.#clock.after(ANSWER_LIMIT_MS, () => {
      answer.resolve(`no answer within ${ANSWER_LIMIT_MS / 1000} s; it may have been given all the same`);
    });
    this.#queue.send({ kind: "request", id: this.#name, message });
    try {
      return await answer.promise;
    } finally {
      this.#waiting.delete(request);
    }
  }

  [Symbol.dispose](): void {
    this.#queue[Symbol.dispose]();
    for (const resolve of this.#waiting.values()) resolve("the master stops; it may have been given all the same");
  }

  #take(bytes: Uint8Array): void {
    const message = readToOperator(bytes);
    if (message.kind !== "reply" && message.kind !== "refused") return;
    this.#waiting.get(message.request)?.(message.kind === "refused" ? message.reason : undefined);
  }
}
