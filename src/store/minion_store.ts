/**
 * What minions said of themselves, and when they were last seen.
 *
 * @module
 */
import * as v from "valibot";
import type { DatabaseSync, StatementSync } from "../runtime/sqlite.ts";
import type { Grains } from "../target/grains.ts";
import { decode, encode } from "../wire/codec.ts";
import { anyMap } from "../wire/fields.ts";

/** A minion's own words. */
export interface MinionRecord {
  readonly version: string;
  readonly grains: Grains;
  /** When the grains came, milliseconds since the epoch. */
  readonly grainsAt: number;
}

/** Grains, versions and last sightings, in SQLite. */
export class MinionStore {
  readonly #put: StatementSync;
  readonly #all: StatementSync;
  readonly #versions: StatementSync;
  readonly #putSeen: StatementSync;
  readonly #seen: StatementSync;
  readonly #lastUp: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare("INSERT OR REPLACE INTO minions VALUES (?, ?, ?, ?)");
    this.#all = database.prepare("SELECT * FROM minions");
    this.#versions = database.prepare("SELECT id, version FROM minions");
    this.#putSeen = database.prepare("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)");
    this.#seen = database.prepare("SELECT * FROM seen");
    this.#lastUp = database.prepare("SELECT id FROM seen WHERE is_up = 1");
  }

  /** Keeps what a minion said when it came. */
  put(id: string, version: string, grains: Grains, nowMs: number): void {
    this.#put.run(id, version, encode(grains), nowMs);
  }

  /** Notes that a minion came, or went, at this moment. */
  putSeen(id: string, { isUp, address, at }: { isUp: boolean; address: string; at: number }): void {
    this.#putSeen.run(id, at, address, isUp ? 1 : 0);
  }

  /** The minions of whom nobody has noted that they went. */
  lastUp(): string[] {
    return this.#lastUp.all().map((row) => String(row["id"]));
  }

  /** Everything that minions said, by id. */
  all(): Map<string, MinionRecord> {
    return new Map(
      this.#all.all().map((row) => [String(row["id"]), {
        version: String(row["version"]),
        grains: v.parse(anyMap, decode(row["grains"] instanceof Uint8Array ? row["grains"] : new Uint8Array(0))),
        grainsAt: Number(row["grains_at"]),
      }]),
    );
  }

  /** Versions by id, without the cost of reading all grains. */
  versions(): Map<string, string> {
    return new Map(this.#versions.all().map((row) => [String(row["id"]), String(row["version"])]));
  }

  /** When and from where each minion was last seen. */
  seen(): Map<string, { at: number; address: string }> {
    return new Map(
      this.#seen.all().map((row) => [String(row["id"]), {
        at: Number(row["at"]),
        address: String(row["address"]),
      }]),
    );
  }
}
