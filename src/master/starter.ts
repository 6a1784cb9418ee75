/**
 * How a role is started: in this process, or in one of its own. Whoever supervises roles does not need to know which.
 *
 * @module
 */

/** What a role may tell when it is ready. */
export interface ReadyFacts {
  /** The port that 4506 really is, when the configuration left it to the system. */
  readonly retPort?: number;
  /** Likewise 4505. */
  readonly publishPort?: number;
}

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
