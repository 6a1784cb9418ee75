/**
 * What the fleet's tests share: running to the end, commands that wait to be released, counting what was executed.
 *
 * @module
 */
import { Brine, type JobInfo, type RunRequest } from "../../src/client/brine.ts";
import type { Answer } from "../../src/client/job_watch.ts";
import type { RunSummary } from "../../src/core/run_summary.ts";
import { join, readTextIfThere, writePrivateFile } from "../../src/runtime/files.ts";
import type { BusEvent } from "../../src/wire/operator_messages.ts";
import type { Fleet } from "../kit/fleet.ts";
import type { ManualClock } from "../kit/manual_clock.ts";
import { until } from "../kit/until.ts";

/** Runs to the end; the answers in the order they came, and the account. */
export async function run(brine: Brine, request: RunRequest): Promise<{ answers: Answer[]; summary: RunSummary }> {
  using job = await brine.run(request);
  const answers: Answer[] = [];
  for await (const answer of job) answers.push(answer);
  return { answers, summary: job.summary() };
}

/** All states of a ledger together. */
export const sum = (ledger: Readonly<Record<string, number>>): number =>
  Object.values(ledger).reduce((total, count) => total + count, 0);

/** A command that ends at once where it runs first, and waits for {@link release} everywhere else. */
export const firstOnly = (root: string): string => `mkdir ${root}/first 2>/dev/null || { ${untilReleased(root)}; }`;

/** A command that waits for {@link release}, at most ten seconds. */
export const untilReleased = (root: string): string =>
  `for i in $(seq 1000); do test -e ${root}/go && exit 0; sleep 0.01; done; exit 1`;

/** Lets the commands that wait go on. */
export const release = (root: string): void => writePrivateFile(join(root, "go"), "");

/** A command that leaves a line behind each time it is executed. */
export const leaveLine = (root: string): string => `echo ran >> ${root}/lines`;

/** How often {@link leaveLine} was executed. */
export const linesLeft = (root: string): number => (readTextIfThere(join(root, "lines")) ?? "").split("ran").length - 1;

/** Lets time go by in steps of a second at most, and everybody do what it brings. */
export async function pass(clock: ManualClock, byMs: number): Promise<void> {
  for (let leftMs = byMs; leftMs > 0; leftMs -= 1_000) {
    clock.advance(Math.min(leftMs, 1_000));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** The newest jobs, newest first. */
export async function jobsOf(brine: Brine): Promise<JobInfo[]> {
  return await Array.fromAsync(brine.jobs());
}

/** Collects events from now on, until it is disposed. */
export class EventLog implements AsyncDisposable {
  readonly events: BusEvent[] = [];
  readonly #brine: Brine;
  readonly #done: Promise<void>;

  private constructor(brine: Brine, glob: string) {
    this.#brine = brine;
    this.#done = this.#collect(brine.events(glob));
  }

  /** Opens a session of its own; what happens after this is seen. */
  static async open(fleet: Fleet, glob = "*"): Promise<EventLog> {
    const brine = await fleet.client();
    const log = new EventLog(brine, glob);
    await brine.keys(); // answered after the subscription that was asked for before it
    return log;
  }

  get tags(): string[] {
    return this.events.map(({ tag }) => tag);
  }

  async seen(pattern: RegExp): Promise<BusEvent> {
    return await until(`an event ${pattern}`, () => this.events.find(({ tag }) => pattern.test(tag)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#brine[Symbol.asyncDispose]();
    await this.#done;
  }

  async #collect(events: AsyncIterable<BusEvent>): Promise<void> {
    try {
      for await (const event of events) this.events.push(event);
    } catch {
      // The session was closed: there are no more.
    }
  }
}
