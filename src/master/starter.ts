/**
 * How a role is started: in this process, or in one of its own. Whoever supervises roles does not need to know which.
 *
 * @module
 */
import { reasonOf } from "../core/errors.ts";
import type { ReadyFacts, RoleContext, RunRole } from "./role.ts";

/** How a role came to its end. */
export type RoleEnd =
  /** It was told to. */
  | { readonly kind: "stopped" }
  /** It said why it cannot go on. */
  | { readonly kind: "failed"; readonly reason: string; readonly cause?: unknown }
  /** It was gone without a word. */
  | { readonly kind: "died"; readonly how: string };

/** A role that was started. */
export interface RunningRole {
  /** Resolves when others may rely on it; never rejects, see `ended`. */
  readonly ready: Promise<ReadyFacts>;
  readonly ended: Promise<RoleEnd>;
  /** Asks it to stop; `ended` follows. */
  stop(): void;
}

/** Starts roles. */
export interface RoleStarter {
  /** Whether a role that has died can be started again beside those that live. */
  readonly canRestart: boolean;
  /** Starts the role called `name`; `facts` is what roles before it told when they were ready. */
  start(name: string, facts: ReadyFacts): RunningRole;
}

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
