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
  const fail = (state: string, cause?: unknown) =>
    new UsageError(`Cannot read cron expression "${expression}": ${state}`, { cause });
  // croner also reads a date, which comes once or never, and a seventh field, the year.
  const fields = expression.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6 && !expression.startsWith("@")) throw fail("it has neither five nor six fields");
  let cron: Cron;
  try {
    cron = new Cron(expression, { paused: true });
  } catch (cause) {
    throw fail(reasonOf(cause).replace(/^CronPattern: /, ""), cause);
  }
  const after = (fromMs: number) => cron.nextRun(new Date(fromMs))?.getTime();
  if (after(0) === undefined) throw fail("there is no such time");
  return { after };
}
