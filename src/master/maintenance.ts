/**
 * Maintenance: what must be done from time to time. It begins a new epoch every `publish_session`, forgets jobs that
 * are older than `keep_jobs_seconds`, and gives the jobs of `schedule` when their time has come.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { type CronTimes, parseCron } from "../core/cron.ts";
import { parseDurationMs } from "../core/duration.ts";
import { reasonOf } from "../core/errors.ts";
import { openStore } from "../store/store.ts";
import { HouseOperator } from "./house_operator.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** A timer is never set further ahead than this, so that a clock that is set is noticed. */
const MAX_SLEEP_MS = 30_000;

/** A clock that is set back by more than this was wrong before; by less, no time of the day comes twice. */
const MAX_SETBACK_MS = 3 * 3_600_000;

/** Runs the chores until the context's signal. */
export async function runMaintenance(context: RoleContext): Promise<void> {
  const { config, clock, exchange, log, signal, ready } = context;
  using store = openStore(config.paths.database);
  using publisher = exchange.connect("ZeroMQPubServerChannel", () => {});
  const prune = () => {
    try {
      const count = store.jobs.prune(clock.now() - config.keepJobsMs);
      if (count > 0) log.info(`forgot ${count} jobs that were too old`);
      const surplus = store.jobs.shrinkTo(config.jobStoreMaxBytes);
      if (surplus > 0) log.warning(`forgot the ${surplus} oldest jobs: the store was above job_store_max_bytes`);
    } catch (thrown) {
      log.error(`Cannot forget old jobs: ${reasonOf(thrown)}`);
    }
  };
  using _prune = clock.every(config.loopIntervalMs, prune);
  using _rotate = clock.every(config.publishSessionMs, () => publisher.send({ kind: "rotate" }));
  using _schedule = runSchedule(context);
  ready();
  await untilAborted(signal);
}

/**
 * Gives each job of the schedule at its times. One whose time passed while the machine slept, or while the clock was
 * set forward, is given once, late; one whose time passed while nobody was there is not made up for.
 */
function runSchedule({ config, clock, exchange, log }: RoleContext): Disposable {
  const operator = new HouseOperator("schedule", { exchange, clock });
  const events = exchange.connect("EventPublisher", () => {});
  const stack = new DisposableStack();
  for (const [name, { cron, every, run, kind, target, arguments: words, named }] of Object.entries(config.schedule)) {
    const give = async () => {
      const call = { function: run, arguments: words, named };
      const refusal = await operator.give({ target: { kind, expression: target }, ...call });
      const data = refusal === undefined ? { name } : { name, reason: refusal };
      events.send({ kind: "emit", tag: `brine/schedule/${refusal === undefined ? "given" : "failed"}`, data });
      if (refusal !== undefined) log.warning(`scheduled job ${name}: ${refusal}`);
    };
    const times = cron === undefined ? periodic(parseDurationMs(every ?? "", "every")) : parseCron(cron);
    stack.use(atTimes(times, { clock, maxSetbackMs: cron === undefined ? 0 : MAX_SETBACK_MS }, () => void give()));
  }
  stack.use(operator);
  stack.use(events);
  return stack;
}

function periodic(periodMs: number): CronTimes {
  return { after: (fromMs) => fromMs + periodMs };
}

/** Calls `act` at these times, until it is disposed. */
function atTimes(
  times: CronTimes,
  { clock, maxSetbackMs }: { clock: Clock; maxSetbackMs: number },
  act: () => void,
): Disposable {
  let timer: Disposable | undefined;
  let lastMs = clock.now();
  const sleepUntil = (dueMs: number | undefined) => {
    if (dueMs === undefined) return;
    timer = clock.after(Math.min(MAX_SLEEP_MS, Math.max(0, dueMs - clock.now())), () => {
      const nowMs = clock.now();
      const isSetBack = nowMs < lastMs - maxSetbackMs;
      lastMs = nowMs;
      if (nowMs < dueMs) return sleepUntil(isSetBack ? times.after(nowMs) : dueMs);
      act();
      sleepUntil(times.after(nowMs));
    });
  };
  sleepUntil(times.after(lastMs));
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}
