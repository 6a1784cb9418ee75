/**
 * One job as it goes on: takes the bus's events and keeps the account of where every expected minion stands. It ends
 * when all have answered, when those that have not are known to be gone, or when time is up; it never just guesses.
 *
 * @module
 */
import * as v from "valibot";
import type { Jid } from "../core/jid.ts";
import type { LedgerState, MinionReturn, RunSummary } from "../core/run_summary.ts";
import { Inbox } from "../transport/inbox.ts";
import { decode } from "../wire/codec.ts";
import { BODY_LIMITS } from "../wire/limits.ts";
import { type BusEvent, returnedEvent, type ReturnedWire } from "../wire/operator_messages.ts";
import type { Connection } from "./connection.ts";

/** A minion that was there and says nothing at all for this long does not count as answering (Salt: `gather_job_timeout`). */
const SILENT_AFTER_MS = 10_000;

/** A minion that went away may come back with its return within this long. */
const GRACE_MS = 5_000;

const CHECK_EVERY_MS = 100;

/** One minion's answer. */
export interface Answer extends MinionReturn {
  readonly minion: string;
}

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
  readonly #connection: Connection;
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
  #endedAt: number | undefined;

  /** Made before the job is asked for, so that no event is missed. */
  constructor(connection: Connection, timeoutMs?: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#listening = connection.listen((event) => this.#hear(event));
  }

  /** The job is known: from here on answers are yielded. */
  begin(start: JobStart): this {
    const now = this.#connection.clock.now();
    this.#start = start;
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
    if (this.#outstanding === 0 && this.#fetches.size === 0) this.#end();
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
    if (!start) return void (event.tag.startsWith("brine/") && this.#early.push(event));
    if (event.tag === "brine/presence/change") return this.#takePresence(event);
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

  #takeReturn(wire: ReturnedWire): void {
    const place = this.#places.get(wire.minion);
    if (!place || this.#returns.has(wire.minion)) return;
    if (!place.isGivenUp) this.#outstanding--;
    place.state = wire.success ? "returned" : "failed";
    place.since = wire.startedAt + wire.durationMs;
    place.isGivenUp = false;
    const { minion, retcode, success, startedAt, durationMs } = wire;
    const answer = { minion, retcode, success, startedAt, durationMs };
    if (wire.body) this.#yield({ ...answer, return: decode(wire.body, BODY_LIMITS) });
    else this.#fetch(wire, answer);
    if (this.#outstanding === 0 && this.#fetches.size === 0) this.#end();
  }

  #fetch(wire: ReturnedWire, answer: Omit<Answer, "return">): void {
    this.#returns.set(wire.minion, { ...answer, return: null }); // counted once, also if it is told twice
    const fetch = this.#fetchBody(wire).then(
      (body) => this.#yield({ ...answer, return: decode(body, BODY_LIMITS) }),
      (failure) => this.#end(failure),
    ).finally(() => {
      this.#fetches.delete(fetch);
      if (this.#outstanding === 0 && this.#fetches.size === 0) this.#end();
    });
    this.#fetches.add(fetch);
  }

  async #fetchBody({ minion, sizeBytes }: ReturnedWire): Promise<Uint8Array> {
    const jid = this.#start?.jid;
    if (!jid) throw new Error("Cannot fetch a return: the job has not begun");
    const body = new Uint8Array(sizeBytes);
    for (let offset = 0; offset < sizeBytes;) {
      const { data } = await this.#connection.ask("body", { jid, minion, offset });
      if (data.length === 0 || offset + data.length > sizeBytes) {
        throw new Error(
          `Cannot fetch the return of ${minion}: it ends at ${offset + data.length} of ${sizeBytes} bytes`,
        );
      }
      body.set(data, offset);
      offset += data.length;
    }
    return body;
  }

  #yield({ minion, ...answer }: Answer): void {
    this.#returns.set(minion, answer);
    this.#inbox.offer({ minion, ...answer });
  }

  /** Gives up on those of whom nothing more can be expected. */
  #check(): void {
    const now = this.#connection.clock.now();
    if (this.#timeoutMs !== undefined && now - (this.#start?.startedAt ?? now) >= this.#timeoutMs) return this.#end();
    for (const [id, place] of this.#places) {
      if (this.#returns.has(id) || place.isGivenUp) continue;
      const patienceMs = place.state === "unreachable" ? GRACE_MS : SILENT_AFTER_MS;
      if (place.state === "running" || now - place.since < patienceMs) continue;
      place.isGivenUp = true;
      this.#outstanding--;
    }
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
