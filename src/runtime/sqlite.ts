/**
 * SQLite as both runtimes have it.
 *
 * @module
 */
export { DatabaseSync, type StatementSync } from "node:sqlite";
