/**
 * The master's one database file: SQLite in WAL mode, several processes at once.
 *
 * `synchronous = NORMAL`: what is committed survives the death of any process; the last moments before a power
 * failure may be lost. See docs/decisions/0005.
 *
 * @module
 */
import { dirname, makePrivateDirectory, setPrivateFile } from "../runtime/files.ts";
import { DatabaseSync } from "../runtime/sqlite.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS keys (
  role TEXT NOT NULL, id TEXT NOT NULL, key_id BLOB NOT NULL, agreement_key BLOB NOT NULL, signing_key BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('accepted', 'pending', 'rejected')), since INTEGER NOT NULL,
  PRIMARY KEY (role, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (
  hash BLOB PRIMARY KEY, expires_at INTEGER NOT NULL, uses_left INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS minions (
  id TEXT PRIMARY KEY, version TEXT NOT NULL, grains BLOB NOT NULL, grains_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
  id TEXT PRIMARY KEY, at INTEGER NOT NULL, address TEXT NOT NULL, is_up INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
  jid TEXT PRIMARY KEY, head BLOB NOT NULL, expected BLOB NOT NULL, expected_count INTEGER NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, request_key TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs_by_request ON jobs (request_key);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (created_at);
CREATE TABLE IF NOT EXISTS returns (
  jid TEXT NOT NULL, minion TEXT NOT NULL, retcode INTEGER NOT NULL, success INTEGER NOT NULL,
  started_at REAL NOT NULL, duration_ms REAL NOT NULL, size_bytes INTEGER NOT NULL, hash BLOB NOT NULL,
  is_complete INTEGER NOT NULL, body BLOB, stored_at INTEGER NOT NULL,
  PRIMARY KEY (jid, minion)
);
CREATE TABLE IF NOT EXISTS chunks (
  jid TEXT NOT NULL, minion TEXT NOT NULL, at_offset INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (jid, minion, at_offset)
);
CREATE TABLE IF NOT EXISTS places (
  jid TEXT NOT NULL, minion TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY (jid, minion)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS key_history (
  role TEXT NOT NULL, id TEXT NOT NULL, key_id BLOB NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL
);
CREATE TRIGGER IF NOT EXISTS key_came AFTER INSERT ON keys BEGIN
  INSERT INTO key_history VALUES (new.role, new.id, new.key_id, new.state, new.since);
END;
CREATE TRIGGER IF NOT EXISTS key_changed AFTER UPDATE OF state ON keys BEGIN
  INSERT INTO key_history VALUES (new.role, new.id, new.key_id, new.state, new.since);
END;
CREATE TRIGGER IF NOT EXISTS key_went AFTER DELETE ON keys BEGIN
  INSERT INTO key_history VALUES (old.role, old.id, old.key_id, 'deleted', CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
PRAGMA user_version = 1;
`;

/** Opens the database at `path` (0600), making it when it is not there. */
export function openDatabase(path: string): DatabaseSync {
  makePrivateDirectory(dirname(path));
  setPrivateFile(path);
  const database = new DatabaseSync(path);
  database.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  database.exec(SCHEMA);
  return database;
}

/** Runs `work` in one transaction: all of it is committed, or none. */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (cause) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // After some failures, a full disk for one, SQLite has rolled back already; `cause` is what matters.
    }
    throw cause;
  }
}
