/**
 * Cron expressions, as `croner` reads them: five fields, or six with seconds first.
 *
 * @module
 */
import { Cron } from "croner";
import { reasonOf, UsageError } from "./errors.ts";

/** When something is to happen, again and again. */
export interface CronTimes {
  /** The first time after `fromMs`, in milliseconds since the epoch; undefined when there is none. */
  after(fromMs: number): number | undefined;
}

/** The times that `expression` stands for, in the machine's time zone; a `UsageError` when it is none. */
export function parseCron(expression: string): CronTimes {
  try {
    const cron = new Cron(expression, { paused: true });
    return { after: (fromMs) => cron.nextRun(new Date(fromMs))?.getTime() };
  } catch (cause) {
    throw new UsageError(`Cannot read cron expression "${expression}": ${reasonOf(cause)}`, { cause });
  }
}
