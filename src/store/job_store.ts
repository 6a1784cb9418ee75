/**
 * Jobs, what came back, and where each minion stands. A return's body is msgpack that the master keeps as it came.
 *
 * @module
 */
import * as v from "valibot";
import { concat, sameBytes } from "../core/bytes.ts";
import type { Jid } from "../core/jid.ts";
import { sha256Of } from "../runtime/crypto.ts";
import type { DatabaseSync, StatementSync } from "../runtime/sqlite.ts";
import { decode, encode } from "../wire/codec.ts";
import { BODY_LIMITS } from "../wire/limits.ts";
import * as f from "../wire/fields.ts";
import { transact } from "./database.ts";

const head = v.object({ target: f.target, ...f.call, operator: f.id });

/** A job as it was asked for. */
export interface JobRecord extends v.InferOutput<typeof head> {
  readonly jid: Jid;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly expectedCount: number;
}

/** A return without its body. */
export interface ReturnHead {
  readonly jid: Jid;
  readonly minion: string;
  readonly retcode: number;
  readonly success: boolean;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly sizeBytes: number;
}

/** A return as a minion announces it. */
export interface ReturnRecord extends ReturnHead {
  readonly hash: Uint8Array;
  /** Absent when it follows in chunks. */
  readonly body: Uint8Array | undefined;
}

/** What a return still needs: nothing, or the bytes from this offset on. */
export type ReturnState = { readonly isComplete: true } | { readonly isComplete: false; readonly offset: number };

/** Pieces that are read at once: a minion that sent its body byte by byte makes the reader come again, not wait. */
const MAX_PIECES = 64;

/** Jobs and returns, in SQLite. */
export class JobStore {
  readonly #database: DatabaseSync;
  readonly #statements: Readonly<
    Record<"putReturn" | "getReturn" | "body" | "putPlace" | "putChunk" | "held" | "piece", StatementSync>
  >;
  readonly #returnsOf: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = {
      putReturn: database.prepare(
        "INSERT OR IGNORE INTO returns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ),
      getReturn: database.prepare(
        `SELECT jid, minion, retcode, success, started_at, duration_ms, size_bytes, hash, is_complete
         FROM returns WHERE jid = ? AND minion = ?`,
      ),
      body: database.prepare("SELECT body, is_complete FROM returns WHERE jid = ? AND minion = ?"),
      putPlace: database.prepare("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)"),
      putChunk: database.prepare("INSERT OR IGNORE INTO chunks VALUES (?, ?, ?, ?)"),
      // Pieces follow one another without a gap: the last one's end is how much there is.
      held: database.prepare(
        `SELECT at_offset + length(data) AS held FROM chunks WHERE jid = ? AND minion = ?
         ORDER BY at_offset DESC LIMIT 1`,
      ),
      piece: database.prepare(
        `SELECT at_offset, data FROM chunks WHERE jid = ? AND minion = ? AND at_offset <= ?
         ORDER BY at_offset DESC LIMIT 1`,
      ),
    };
    this.#returnsOf = database.prepare(
      `SELECT jid, minion, retcode, success, started_at, duration_ms, size_bytes,
              CASE WHEN size_bytes <= ? THEN body END AS body
       FROM returns WHERE jid = ? AND is_complete = 1 ORDER BY minion`,
    );
  }

  /** Runs several writes as one commit. */
  together<T>(work: () => T): T {
    return transact(this.#database, work);
  }

  /** Keeps a new job and whom it expects; `absent` are those that are known to be unreachable already. */
  addJob(
    job: JobRecord,
    expected: readonly string[],
    absent: ReadonlyMap<string, number>,
    requestKey = "",
  ): void {
    const { target, function: name, arguments: words, named, operator } = job;
    const record = encode({ target, function: name, arguments: words, named, operator });
    this.together(() => {
      this.#database
        .prepare("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(job.jid, record, encode([...expected].sort()), expected.length, job.createdAt, job.expiresAt, requestKey);
      for (const id of absent.keys()) this.#statements.putPlace.run(job.jid, id, "unreachable", job.createdAt);
    });
  }

  /** The job with this id, if it is kept. */
  findJob(jid: Jid): JobRecord | undefined {
    const row = this.#database.prepare("SELECT * FROM jobs WHERE jid = ?").get(jid);
    return row && jobOf(row);
  }

  /** The job that was made for this request, if there is one. */
  findByRequest(requestKey: string): JobRecord | undefined {
    const row = this.#database.prepare("SELECT * FROM jobs WHERE request_key = ?").get(requestKey);
    return row && jobOf(row);
  }

  /** The newest jobs, newest first, each with the number of its complete returns. */
  newestJobs(limit: number): (JobRecord & { returnedCount: number })[] {
    const counted = `SELECT jobs.*, (SELECT count(*) FROM returns WHERE returns.jid = jobs.jid AND is_complete = 1) AS n
                     FROM jobs ORDER BY created_at DESC, jid DESC LIMIT ?`;
    return this.#database.prepare(counted).all(limit)
      .map((row) => ({ ...jobOf(row), returnedCount: Number(row["n"]) }));
  }

  /** Ids that the job expects, sorted. */
  expectedOf(jid: Jid): string[] {
    const row = this.#database.prepare("SELECT expected FROM jobs WHERE jid = ?").get(jid);
    return row ? v.parse(v.array(v.string()), decode(blob(row["expected"]), BODY_LIMITS)) : [];
  }

  /**
   * Keeps a return; one that is there already stays as it is. To be called inside {@link together}. Says whether the
   * body is whole, and if not, from where on it is wanted.
   */
  putReturn(record: ReturnRecord, nowMs: number): ReturnState {
    const { jid, minion, retcode, success, startedAt, durationMs, sizeBytes, hash, body } = record;
    const isComplete = body === undefined ? 0 : 1;
    const put = this.#statements.putReturn.run(
      jid,
      minion,
      retcode,
      success ? 1 : 0,
      startedAt,
      durationMs,
      sizeBytes,
      hash,
      isComplete,
      body ?? null,
      nowMs,
    );
    if (Number(put.changes) === 1) {
      return body === undefined ? { isComplete: false, offset: 0 } : { isComplete: true };
    }
    return this.#stateOf(jid, minion);
  }

  /**
   * Keeps the next piece of a large body. To be called inside {@link together}. A piece that is not the next one, or
   * goes beyond the announced size, is not kept; the answer says what is wanted. When the last one is there and the
   * hash is wrong, everything is wanted again.
   */
  putChunk(jid: Jid, minion: string, offset: number, data: Uint8Array): ReturnState | undefined {
    const row = this.#statements.getReturn.get(jid, minion);
    if (!row) return undefined;
    if (row["is_complete"]) return { isComplete: true };
    const held = this.#heldBytes(jid, minion);
    const sizeBytes = Number(row["size_bytes"]);
    if (offset !== held || data.length === 0 || held + data.length > sizeBytes) {
      return { isComplete: false, offset: held };
    }
    this.#statements.putChunk.run(jid, minion, offset, data);
    if (held + data.length < sizeBytes) return { isComplete: false, offset: held + data.length };
    if (sameBytes(sha256Of(this.#chunksOf(jid, minion)), blob(row["hash"]))) {
      this.#database.prepare("UPDATE returns SET is_complete = 1 WHERE jid = ? AND minion = ?").run(jid, minion);
      return { isComplete: true };
    }
    this.#database.prepare("DELETE FROM chunks WHERE jid = ? AND minion = ?").run(jid, minion);
    return { isComplete: false, offset: 0 };
  }

  /** A return without its body, whole or not. */
  findReturn(jid: Jid, minion: string): ReturnHead | undefined {
    const row = this.#statements.getReturn.get(jid, minion);
    return row && returnOf(row);
  }

  /** Whether a return is there with its whole body. */
  isComplete(jid: Jid, minion: string): boolean {
    return Boolean(this.#statements.getReturn.get(jid, minion)?.["is_complete"]);
  }

  /** The whole returns of a job, with those bodies that are no larger than `maxBodyBytes`. */
  returnsOf(jid: Jid, maxBodyBytes: number): (ReturnHead & { body: Uint8Array | undefined })[] {
    return this.#returnsOf.all(maxBodyBytes, jid).map((row) => {
      const body = row["body"];
      return { ...returnOf(row), body: body instanceof Uint8Array ? body : undefined };
    });
  }

  /**
   * Bytes of a whole body from `offset` on, at most `maxBytes` and at least one before its end; undefined when there is
   * no whole return.
   */
  readBody(jid: Jid, minion: string, offset: number, maxBytes: number): Uint8Array | undefined {
    const row = this.#statements.body.get(jid, minion);
    if (!row?.["is_complete"]) return undefined;
    if (row["body"] instanceof Uint8Array) return row["body"].subarray(offset, offset + maxBytes);
    const pieces: Uint8Array[] = [];
    let at = offset;
    while (at < offset + maxBytes && pieces.length < MAX_PIECES) {
      const piece = this.#pieceAt(jid, minion, at).subarray(0, offset + maxBytes - at);
      if (piece.length === 0) break;
      pieces.push(piece);
      at += piece.length;
    }
    return concat(...pieces);
  }

  /** Notes where a minion stands; a return, once there, says more than this. */
  putPlace(jid: Jid, minion: string, state: "running" | "unreachable", nowMs: number): void {
    this.#statements.putPlace.run(jid, minion, state, nowMs);
  }

  /** What was noted with {@link putPlace}. */
  placesOf(jid: Jid): Map<string, { state: "running" | "unreachable"; since: number }> {
    const rows = this.#database.prepare("SELECT minion, state, since FROM places WHERE jid = ?").all(jid);
    return new Map(
      rows.map((row) => [String(row["minion"]), {
        state: row["state"] === "running" ? "running" : "unreachable",
        since: Number(row["since"]),
      }]),
    );
  }

  /** Forgets jobs made before `beforeMs`, a bounded number at a time; says how many went. */
  prune(beforeMs: number, limit = 1_000): number {
    return this.together(() => {
      const old = this.#database.prepare("SELECT jid FROM jobs WHERE created_at < ? ORDER BY jid LIMIT ?");
      return this.#forget(old.all(beforeMs, limit));
    });
  }

  /**
   * Forgets the oldest jobs until what is kept takes at most `maxBytes`; says how many went. The file keeps its size;
   * its free pages are used again.
   */
  shrinkTo(maxBytes: number): number {
    let count = 0;
    for (let forgotten = -1; forgotten !== 0 && this.#usedBytes() > maxBytes; count += Math.max(0, forgotten)) {
      forgotten = this.together(() => {
        return this.#forget(this.#database.prepare("SELECT jid FROM jobs ORDER BY jid LIMIT 20").all());
      });
    }
    return count;
  }

  #forget(jobs: readonly Row[]): number {
    for (const table of ["chunks", "returns", "places", "jobs"]) {
      const remove = this.#database.prepare(`DELETE FROM ${table} WHERE jid = ?`);
      for (const { jid } of jobs) remove.run(String(jid));
    }
    return jobs.length;
  }

  #usedBytes(): number {
    const pragma = (name: string) => Number(this.#database.prepare(`PRAGMA ${name}`).get()?.[name]);
    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  }

  #stateOf(jid: Jid, minion: string): ReturnState {
    if (this.isComplete(jid, minion)) return { isComplete: true };
    return { isComplete: false, offset: this.#heldBytes(jid, minion) };
  }

  #heldBytes(jid: Jid, minion: string): number {
    return Number(this.#statements.held.get(jid, minion)?.["held"] ?? 0);
  }

  *#chunksOf(jid: Jid, minion: string): Generator<Uint8Array> {
    for (let offset = 0;;) {
      const data = this.#pieceAt(jid, minion, offset);
      if (data.length === 0) return;
      yield data;
      offset += data.length;
    }
  }

  /** The rest, from `offset` on, of the piece in which that byte is; nothing when there is none. */
  #pieceAt(jid: Jid, minion: string, offset: number): Uint8Array {
    const row = this.#statements.piece.get(jid, minion, offset);
    return row ? blob(row["data"]).subarray(offset - Number(row["at_offset"])) : new Uint8Array(0);
  }
}

type Row = Record<string, unknown>;

function blob(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}

function jobOf(row: Row): JobRecord {
  return {
    ...v.parse(head, decode(blob(row["head"]))),
    jid: v.parse(f.jid, row["jid"]),
    createdAt: Number(row["created_at"]),
    expiresAt: Number(row["expires_at"]),
    expectedCount: Number(row["expected_count"]),
  };
}

function returnOf(row: Row): ReturnHead {
  return {
    jid: v.parse(f.jid, row["jid"]),
    minion: String(row["minion"]),
    retcode: Number(row["retcode"]),
    success: Boolean(row["success"]),
    startedAt: Number(row["started_at"]),
    durationMs: Number(row["duration_ms"]),
    sizeBytes: Number(row["size_bytes"]),
  };
}
