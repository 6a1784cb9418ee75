/**
 * Maintenance: what must be done from time to time. It begins a new epoch every `publish_session`, forgets jobs that
 * are older than `keep_jobs_seconds`, and gives the jobs of `schedule` when their time has come.
 *
 * @module
 */
import { parseCron } from "../core/cron.ts";
import { parseDurationMs } from "../core/duration.ts";
import { reasonOf } from "../core/errors.ts";
import { openStore } from "../store/store.ts";
import { HouseOperator } from "./house_operator.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** A timer is never set further ahead than this, so that a clock that is set is noticed. */
const MAX_SLEEP_MS = 30_000;

/** Runs the chores until the context's signal. */
export async function runMaintenance(context: RoleContext): Promise<void> {
  const { config, clock, exchange, log, signal, ready } = context;
  using store = openStore(config.paths.database);
  using publisher = exchange.connect("ZeroMQPubServerChannel", () => {});
  const prune = () => {
    try {
      const count = store.jobs.prune(clock.now() - config.keepJobsMs);
      if (count > 0) log.info(`forgot ${count} jobs that were too old`);
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

/** Gives each job of the schedule at its times; a time that passed while nobody was there is not made up for. */
function runSchedule({ config, clock, exchange, log }: RoleContext): Disposable {
  const operator = new HouseOperator("schedule", exchange);
  const events = exchange.connect("EventPublisher", () => {});
  const timers = new Map<string, Disposable>();
  for (const [name, { cron, every, run, kind, target, arguments: words }] of Object.entries(config.schedule)) {
    const times = cron === undefined ? undefined : parseCron(cron);
    const periodMs = every === undefined ? 0 : parseDurationMs(every, "every");
    const nextAfter = (ms: number) => times ? times.after(ms) : ms + periodMs;
    const give = async () => {
      const refusal = await operator.give({ target: { kind, expression: target }, function: run, arguments: words });
      const data = refusal === undefined ? { name } : { name, reason: refusal };
      events.send({ kind: "emit", tag: `brine/schedule/${refusal === undefined ? "given" : "failed"}`, data });
      if (refusal !== undefined) log.warning(`scheduled job ${name}: ${refusal}`);
    };
    const sleepUntil = (dueMs: number | undefined) => {
      if (dueMs === undefined) return;
      timers.set(
        name,
        clock.after(Math.min(MAX_SLEEP_MS, Math.max(0, dueMs - clock.now())), () => {
          if (clock.now() < dueMs) return sleepUntil(dueMs);
          void give();
          sleepUntil(nextAfter(clock.now()));
        }),
      );
    };
    sleepUntil(nextAfter(clock.now()));
  }
  return {
    [Symbol.dispose]() {
      for (const timer of timers.values()) timer[Symbol.dispose]();
      operator[Symbol.dispose]();
      events[Symbol.dispose]();
    },
  };
}
