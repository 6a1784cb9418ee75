/**
 * Brine as a library: what the command line can do, as values and async iterables. It prints nothing.
 *
 * @module
 */
import type { Jid } from "../core/jid.ts";
import type { RunSummary } from "../core/run_summary.ts";
import type { Target } from "../target/expression.ts";
import { compileGlob } from "../target/glob.ts";
import { failReading } from "../target/target_error.ts";
import type { BusEvent, ReplyTo } from "../wire/operator_messages.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { Answer } from "./body.ts";
import { EventStream } from "./event_stream.ts";
import { JobWatch } from "./job_watch.ts";

/** How long a job may wait to be started when nothing else is said. */
const DEFAULT_TTL_MS = 60_000;

/** Events that may wait for a slow reader of {@link Brine.events}; beyond this they are dropped until it has caught up. */
const MAX_WAITING_EVENTS = 65_536;

/** What is to be run, and where. */
export interface RunRequest {
  /** A glob or a range of ids, such as `web*` or `web[01-40]`; or a target of another kind. */
  readonly target: string | Target;
  /** Such as `test.ping`. */
  readonly function: string;
  /** Words as they would be typed, or typed values. @default [] */
  readonly arguments?: readonly unknown[];
  /** Values by parameter name. @default {} */
  readonly named?: Readonly<Record<string, unknown>>;
  /** Stop waiting after this long; by default as long as minions are there and work on it. */
  readonly timeoutMs?: number;
  /** How long the job may wait to be started on a minion. @default 60000 */
  readonly ttlMs?: number;
}

/** Who would be meant by a target. */
export interface Preview {
  /** All of them. */
  readonly expected: readonly string[];
  /** Those of them that are not connected now. */
  readonly unreachable: readonly string[];
}

/** A job under way: iterate over its answers, then ask for the summary. */
export interface Job extends AsyncIterable<Answer>, Disposable {
  /** The job's id. */
  readonly jid: Jid | undefined;
  /** How many have answered, of how many, and who has not. */
  readonly progress: { readonly answered: number; readonly expected: number; readonly silent: readonly string[] };
  /** Resolves when the large returns that are known now have been fetched. */
  loaded(): Promise<void>;
  /** Stops waiting; the job itself goes on. */
  stop(): void;
  /** The account as it stands: who answered what, who did not, and why. */
  summary(): RunSummary;
}

/** A minion as the master knows it. */
export type MinionInfo = ReplyTo<"minions">[number];

/** A job in a list. */
export type JobInfo = ReplyTo<"jobs">[number];

/** All keys that the master knows. */
export type KeyList = ReplyTo<"keys">;

/** A session with a master. */
export class Brine implements AsyncDisposable {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Logs in. Throws an `UnreachableError` when there is no master, a `RefusedError` when it will not have us. */
  static async open(options: ConnectionOptions): Promise<Brine> {
    return new Brine(await Connection.open(options));
  }

  /** The master's ret_port. */
  get port(): number {
    return Number(this.#connection.master.split(":").at(-1));
  }

  /** Starts a job; throws a `UsageError` when no minion matches. */
  async run(request: RunRequest): Promise<Job> {
    const target = targetOf(request.target);
    const { function: name, arguments: words = [], named = {}, ttlMs = DEFAULT_TTL_MS, timeoutMs } = request;
    const watch = new JobWatch(this.#connection, timeoutMs);
    try {
      const startedAt = this.#connection.clock.now();
      const call = { function: name, arguments: [...words], named: { ...named } };
      const { jid, expected, unreachable } = await this.#connection.ask("run", {
        target,
        ...call,
        ttlMs,
        preview: false,
      });
      if (!jid) throw new Error("Cannot follow the job: the master gave it no id");
      const typed = [...words, ...Object.entries(named).map(([key, value]) => `${key}=${String(value)}`)];
      const start = { jid, expected, unreachable, target: target.expression, function: name, startedAt };
      return watch.begin({ ...start, arguments: typed });
    } catch (thrown) {
      watch[Symbol.dispose]();
      throw thrown;
    }
  }

  /** Says who would be meant, and runs nothing. */
  async preview(target: string | Target): Promise<Preview> {
    const call = { function: "test.ping", arguments: [], named: {} };
    const request = { target: targetOf(target), ...call, ttlMs: 0, preview: true };
    const { expected, unreachable } = await this.#connection.ask("run", request);
    return { expected, unreachable: Object.keys(unreachable) };
  }

  /** Goes on with a job that was started earlier, from its first answer on. */
  async attach(jid: Jid, { timeoutMs, follow = true }: { timeoutMs?: number; follow?: boolean } = {}): Promise<Job> {
    const watch = new JobWatch(this.#connection, timeoutMs);
    try {
      const { head, expected, returns, places } = await this.#connection.ask("job", { jid, follow });
      const inState = (state: string) => Object.entries(places).filter(([, place]) => place.state === state);
      const job = watch.begin({
        jid,
        expected,
        returns,
        unreachable: Object.fromEntries(inState("unreachable").map(([id, { since }]) => [id, since])),
        running: inState("running").map(([id]) => id),
        target: head.target.expression,
        function: head.function,
        arguments: [...head.arguments, ...Object.entries(head.named).map(([key, value]) => `${key}=${String(value)}`)],
        startedAt: head.createdAt,
      });
      return job;
    } catch (thrown) {
      watch[Symbol.dispose]();
      throw thrown;
    }
  }

  /** The newest jobs, newest first, as many as are iterated over (at most 1,000). */
  async *jobs(limit = 1_000): AsyncIterable<JobInfo> {
    yield* await this.#connection.ask("jobs", { limit });
  }

  /** Kills a job's process groups; says which minions were asked. */
  async kill(jid: Jid): Promise<readonly string[]> {
    return (await this.#connection.ask("job_kill", { jid })).asked;
  }

  /** Everybody who has an accepted key. */
  async minions(): Promise<readonly MinionInfo[]> {
    return await this.#connection.ask("minions", {});
  }

  /** All keys, by role and state, and the master's fingerprint. */
  async keys(): Promise<KeyList> {
    return await this.#connection.ask("keys", {});
  }

  /** Accepts, rejects or deletes the keys that the globs name; says which were changed. */
  async changeKeys(
    change: "accept" | "reject" | "delete",
    globs: readonly string[],
    role: "minion" | "operator" = "minion",
  ): Promise<readonly string[]> {
    return (await this.#connection.ask("key_change", { change, role, globs: [...globs] })).changed;
  }

  /** A new enrolment token. */
  async makeToken({ ttlMs, uses = 1 }: { ttlMs: number; uses?: number }): Promise<string> {
    return (await this.#connection.ask("token", { ttlMs, uses })).token;
  }

  /**
   * The bus's events whose tag matches, from now on; ends with an `UnreachableError` when the master is lost. A reader
   * that is too slow finds an event `brine/missed` with the data `{ count }` in place of those that were dropped.
   */
  async *events(glob = "*"): AsyncIterable<BusEvent> {
    const { clock } = this.#connection;
    const matches = compileGlob(glob, failReading(glob, "tag")); // other jobs and readers share this session
    const stream = new EventStream({ limit: MAX_WAITING_EVENTS, matches, now: () => clock.now() });
    using _listening = this.#connection.listen((event) => stream.take(event));
    await this.#connection.ask("subscribe", { glob });
    let failure: Error | undefined;
    using _ending = this.#connection.onEnd((why) => {
      failure = why;
      stream.end();
    });
    yield* stream;
    if (failure) throw failure;
  }

  /** Logs out. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

function targetOf(target: string | Target): Target {
  return typeof target === "string" ? { kind: "glob", expression: target } : target;
}
