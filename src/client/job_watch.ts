/**
 * One job as it goes on: takes the bus's events and keeps the account of where every expected minion stands. It ends
 * when all have answered, when those that have not are known to be gone, or when time is up; it never just guesses.
 *
 * @module
 */
import * as v from "valibot";
import { reasonOf } from "../core/errors.ts";
import type { Jid } from "../core/jid.ts";
import type { LedgerState, MinionReturn, RunSummary } from "../core/run_summary.ts";
import { Inbox } from "../transport/inbox.ts";
import { type BusEvent, returnedEvent, type ReturnedWire } from "../wire/operator_messages.ts";
import { type Answer, answerOf, fetchBody, unreadable } from "./body.ts";
import { type Connection, MISSED_TAG } from "./connection.ts";

/** A minion that was there and says nothing at all for this long does not count as answering (Salt: `gather_job_timeout`). */
const SILENT_AFTER_MS = 10_000;

/** A minion that went away may come back with its return within this long. */
const GRACE_MS = 5_000;

const CHECK_EVERY_MS = 100;

export type { Answer } from "./body.ts";

/** What a watch uses of the session. */
export type WatchedConnection = Pick<Connection, "clock" | "listen" | "onEnd" | "ask">;

/** Where a job stood when it was first looked at. */
export interface JobStart {
  readonly jid: Jid;
  readonly expected: readonly string[];
  /** Not connected, with the time they were last seen (0: never). */
  readonly unreachable: Readonly<Record<string, number>>;
  readonly target: string;
  readonly function: string;
  readonly arguments: readonly unknown[];
  /** When the job began, on our clock. */
  readonly startedAt: number;
  /** Returns that are there already. */
  readonly returns?: readonly ReturnedWire[];
  readonly running?: readonly string[];
}

interface Place {
  state: LedgerState;
  since: number;
  /** For a minion that is gone: whether it can still come back in time. */
  isGivenUp: boolean;
}

/** An account of one job. */
export class JobWatch implements AsyncIterable<Answer>, Disposable {
  readonly #connection: WatchedConnection;
  readonly #timeoutMs: number | undefined;
  readonly #places = new Map<string, Place>();
  readonly #returns = new Map<string, MinionReturn>();
  readonly #early: BusEvent[] = [];
  readonly #listening: Disposable;
  #inbox = new Inbox<Answer>(1);
  #start: JobStart | undefined;
  #outstanding = 0;
  readonly #fetches = new Set<Promise<void>>();
  #timer: Disposable | undefined;
  #ending: Disposable | undefined;
  #failure: Error | undefined;
  #isAsking = false;
  #beganAt = 0;
  #endedAt: number | undefined;

  /** Made before the job is asked for, so that no event is missed. */
  constructor(connection: WatchedConnection, timeoutMs?: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#listening = connection.listen((event) => this.#hear(event));
  }

  /** The job is known: from here on answers are yielded. */
  begin(start: JobStart): this {
    const now = this.#connection.clock.now();
    this.#start = start;
    this.#beganAt = now;
    this.#inbox = new Inbox(start.expected.length + 1);
    const running = new Set(start.running);
    for (const id of start.expected) {
      const seen = Object.hasOwn(start.unreachable, id) ? start.unreachable[id] : undefined;
      const isAbsent = seen !== undefined;
      const state = isAbsent ? "unreachable" : running.has(id) ? "running" : "published";
      this.#places.set(id, { state, since: seen ?? now, isGivenUp: isAbsent });
      if (!isAbsent) this.#outstanding++;
    }
    this.#timer = this.#connection.clock.every(CHECK_EVERY_MS, () => this.#check());
    for (const answer of start.returns ?? []) this.#takeReturn(answer);
    for (const event of this.#early.splice(0)) this.#hear(event);
    this.#ending = this.#connection.onEnd((failure) => this.#end(failure));
    this.#endIfDone();
    return this;
  }

  /** The job's id; undefined before {@link begin}. */
  get jid(): Jid | undefined {
    return this.#start?.jid;
  }

  /** How far it is: answered, and expected in all. */
  get progress(): { answered: number; expected: number; silent: string[] } {
    const silent = [...this.#places].filter(([id]) => !this.#returns.has(id)).map(([id]) => id);
    return { answered: this.#returns.size, expected: this.#places.size, silent };
  }

  /** Answers as they come. Throws when the master is lost on the way. */
  async *[Symbol.asyncIterator](): AsyncIterator<Answer> {
    yield* this.#inbox;
    if (this.#failure) throw this.#failure;
  }

  /** Resolves when the bodies of all returns that are known now have been fetched. */
  async loaded(): Promise<void> {
    await Promise.all(this.#fetches);
  }

  /** Stops waiting; what is known is in {@link summary}. */
  stop(): void {
    this.#end();
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  /** The account as it stands. */
  summary(): RunSummary {
    const start = this.#start;
    if (!start) throw new Error("Cannot sum up the job: it has not begun");
    const ledger: Record<LedgerState, number> = {
      published: 0,
      delivered: 0,
      running: 0,
      returned: 0,
      failed: 0,
      expired: 0,
      unreachable: 0,
    };
    const missing = new Map<string, string>();
    for (const [id, place] of this.#places) {
      ledger[place.state]++;
      if (!this.#returns.has(id)) missing.set(id, this.#reason(place));
    }
    const { jid, target, function: name, arguments: words, expected, startedAt } = start;
    const elapsedMs = (this.#endedAt ?? this.#connection.clock.now()) - startedAt;
    return {
      jid,
      target,
      function: name,
      arguments: words,
      expected,
      returns: this.#returns,
      missing,
      ledger,
      elapsedMs,
    };
  }

  #reason({ state, since }: Place): string {
    const time = new Date(since).toTimeString().slice(0, 8);
    switch (state) {
      case "running":
        return `still running since ${time}`;
      case "unreachable":
        return since === 0 ? "unreachable, never seen" : `unreachable since ${time}`;
      default:
        return "connected, but silent";
    }
  }

  #hear(event: BusEvent): void {
    const start = this.#start;
    if (!start) return void (/^brine\/(job|presence)\//.test(event.tag) && this.#early.push(event));
    if (event.tag === "brine/presence/change") return this.#takePresence(event);
    if (event.tag === MISSED_TAG) return this.#catchUp(start.jid);
    const prefix = `brine/job/${start.jid}/`;
    if (!event.tag.startsWith(prefix)) return;
    const [what] = event.tag.slice(prefix.length).split("/");
    if (what === "ret") this.#takeReturn(v.parse(returnedEvent, event.data));
    else if (what === "running") this.#move(String(event.data["minion"]), "running", event.at);
  }

  #takePresence({ data, at }: BusEvent): void {
    for (const id of listOf(data["down"])) this.#move(id, "unreachable", at);
    for (const id of listOf(data["up"])) {
      if (this.#places.get(id)?.state === "unreachable") this.#move(id, "published", at);
    }
  }

  #move(id: string, state: LedgerState, since: number): void {
    const place = this.#places.get(id);
    if (!place || this.#returns.has(id)) return;
    if (place.isGivenUp) this.#outstanding++;
    Object.assign(place, { state, since, isGivenUp: false });
  }

  /** Asks for what events have not told: they were dropped on their way, or crossed with another worker's. */
  #catchUp(jid: Jid, andThen: () => void = () => {}): void {
    this.#work(
      this.#connection.ask("job", { jid, follow: false }).then(
        ({ returns }) => {
          for (const answer of returns) this.#takeReturn(answer);
          andThen();
        },
        (failure) => this.#end(failure),
      ),
    );
  }

  #takeReturn(wire: ReturnedWire): void {
    const place = this.#places.get(wire.minion);
    const start = this.#start;
    if (!start || !place || this.#returns.has(wire.minion)) return;
    if (!place.isGivenUp) this.#outstanding--;
    place.since = wire.startedAt + wire.durationMs;
    place.isGivenUp = false;
    if (wire.body) this.#yield(place, answerOf(wire, wire.body));
    else {
      this.#returns.set(wire.minion, unreadable(wire, "it was not fetched")); // counted once, also if told twice
      this.#work(
        fetchBody(this.#connection, start.jid, wire).then(
          (body) => this.#yield(place, answerOf(wire, body)),
          (failure) => this.#yield(place, unreadable(wire, reasonOf(failure))),
        ),
      );
    }
    this.#endIfDone();
  }

  /** Holds the end back until `work`, which must not reject, is done. */
  #work(work: Promise<void>): void {
    const done = work.finally(() => {
      this.#fetches.delete(done);
      this.#endIfDone();
    });
    this.#fetches.add(done);
  }

  #yield(place: Place, { minion, ...answer }: Answer): void {
    place.state = answer.success ? "returned" : "failed";
    this.#returns.set(minion, answer);
    this.#inbox.offer({ minion, ...answer });
  }

  /** Gives up on those of whom nothing more can be expected; the master is asked before, for it may know more. */
  #check(): void {
    const now = this.#connection.clock.now();
    if (this.#timeoutMs !== undefined && now - this.#beganAt >= this.#timeoutMs) return this.#end();
    const late = [...this.#places].filter(([id, place]) => this.#isLate(id, place, now));
    if (late.length === 0 || !this.#start || this.#isAsking) return;
    this.#isAsking = true;
    this.#catchUp(this.#start.jid, () => {
      this.#isAsking = false;
      for (const [id, place] of late) if (this.#isLate(id, place, now)) this.#giveUp(place);
    });
  }

  #isLate(id: string, { state, since, isGivenUp }: Place, now: number): boolean {
    if (this.#returns.has(id) || isGivenUp || state === "running") return false;
    return now - since >= (state === "unreachable" ? GRACE_MS : SILENT_AFTER_MS);
  }

  #giveUp(place: Place): void {
    place.isGivenUp = true;
    this.#outstanding--;
  }

  #endIfDone(): void {
    if (this.#outstanding === 0 && this.#fetches.size === 0) this.#end();
  }

  #end(failure?: Error): void {
    if (this.#endedAt !== undefined) return;
    this.#endedAt = this.#connection.clock.now();
    if (this.#outstanding > 0 || this.#fetches.size > 0) this.#failure = failure;
    this.#timer?.[Symbol.dispose]();
    this.#ending?.[Symbol.dispose]();
    this.#listening[Symbol.dispose]();
    this.#inbox.end();
  }
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
