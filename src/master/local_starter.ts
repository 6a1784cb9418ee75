/**
 * Starts roles in this process (`worker_threads: 0`).
 *
 * @module
 */
import { reasonOf } from "../core/errors.ts";
import type { RoleContext, RunRole } from "./role.ts";
import type { ReadyFacts, RoleEnd, RoleStarter } from "./starter.ts";

/** Starts roles in this process: `runOf` finds them, `contextOf` equips them. */
export function localStarter(
  runOf: (name: string) => RunRole,
  contextOf: (name: string) => Omit<RoleContext, "signal" | "ready">,
): RoleStarter {
  return {
    canRestart: false,
    start(name) {
      const stop = new AbortController();
      const ready = Promise.withResolvers<ReadyFacts>();
      const run = async (): Promise<RoleEnd> => {
        try {
          await runOf(name)({
            ...contextOf(name),
            signal: stop.signal,
            ready: (facts = {}) => ready.resolve(facts),
          });
          return { kind: "stopped" };
        } catch (cause) {
          return { kind: "failed", reason: reasonOf(cause), cause };
        }
      };
      return { ready: ready.promise, ended: run(), stop: () => stop.abort() };
    },
  };
}
