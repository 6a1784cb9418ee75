/**
 * Maintenance: what must be done from time to time. It begins a new epoch every `publish_session`, and forgets jobs
 * that are older than `keep_jobs_seconds`.
 *
 * @module
 */
import { reasonOf } from "../core/errors.ts";
import { openStore } from "../store/store.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** Runs the chores until the context's signal. */
export async function runMaintenance({ config, clock, exchange, log, signal, ready }: RoleContext): Promise<void> {
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
  ready();
  await untilAborted(signal);
}
