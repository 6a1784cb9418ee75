/**
 * Where records of what happened go. Passed in, never reached for; who writes them down is decided at the door.
 *
 * @module
 */
import { printable } from "./printable.ts";

/** From the noisiest to the gravest. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** How grave a record is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One thing that happened. */
export interface LogRecord {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly level: LogLevel;
  /** The role or part that says it. */
  readonly source: string;
  readonly text: string;
}

/** Takes one line of text at a time; never secrets. */
export type Log = Readonly<Record<LogLevel, (text: string) => void>>;

/** A log that stamps what `source` says and hands it to `write`, leaving out what is below `least`. */
export function logTo(
  write: (record: LogRecord) => void,
  { source, least, now }: { source: string; least: () => LogLevel; now: () => number },
): Log {
  const at = (level: LogLevel) => (text: string) => {
    if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least())) write({ at: now(), level, source, text });
  };
  return { debug: at("debug"), info: at("info"), warning: at("warning"), error: at("error") };
}

/** One line for people: `2026-11-23 07:18:33.123 warning MWorkerQueue: …`. Line breaks in the text are escaped. */
export function formatLogRecord({ at, level, source, text }: LogRecord): string {
  const stamp = new Date(at).toISOString().replace("T", " ").slice(0, 23);
  // A hostile peer must not forge a line of its own or drive the terminal.
  return `${stamp} ${level.padEnd(7)} ${printable(source)}: ${printable(text)}`;
}
