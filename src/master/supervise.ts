/**
 * Starting roles in order and stopping them in the opposite one. In one process a role that fails stops the master:
 * nothing is left to restart it in.
 *
 * @module
 */
import type { ReadyFacts, RoleContext, RunRole } from "./role.ts";

/** A role to run, under the name that `ps` shows. */
export interface RoleToRun {
  readonly name: string;
  readonly run: RunRole;
}

/**
 * Runs `roles` until `parent.signal` aborts: each is started when the one before it is ready, `parent.ready` is called
 * when all are, and they are stopped last to first. The first failure stops the others and is thrown.
 */
export async function supervise(
  roles: readonly RoleToRun[],
  parent: RoleContext,
  contextOf: (name: string) => Pick<RoleContext, "log">,
): Promise<void> {
  const running: { stop: AbortController; done: Promise<void> }[] = [];
  let facts: ReadyFacts = {};
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // it is raced below; without a race nobody waits for it
  const stopped = new Promise<void>((resolve) => {
    if (parent.signal.aborted) resolve();
    else parent.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    for (const { name, run } of roles) {
      const stop = new AbortController();
      const ready = Promise.withResolvers<void>();
      const isReady = (more: ReadyFacts = {}) => {
        facts = { ...facts, ...more };
        ready.resolve();
      };
      const done = run({ ...parent, ...contextOf(name), name, signal: stop.signal, ready: isReady });
      done.catch((thrown) => failed.reject(thrown));
      running.push({ stop, done });
      await Promise.race([ready.promise, failed.promise, stopped]);
      if (parent.signal.aborted) return;
    }
    parent.ready(facts);
    await Promise.race([stopped, failed.promise]);
  } finally {
    for (const { stop, done } of running.reverse()) {
      stop.abort();
      await done.catch(() => {}); // its failure was thrown above, if it was the first
    }
  }
}
