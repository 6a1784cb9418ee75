/**
 * What a role is given, and how one is written: a `run` function that sets up, says that it is ready, and cleans up
 * when it is told to stop. It does not know whether it has a process of its own.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { reasonOf } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { MasterConfig } from "../config/master_config.ts";
import type { Transport } from "../transport/transport.ts";
import type { Exchange } from "./link.ts";
import type { ReadyFacts, RoleStarter } from "./starter.ts";

/** Everything that a role may use. */
export interface RoleContext {
  /** What `ps` shows: `MWorker-0`. */
  readonly name: string;
  readonly config: MasterConfig;
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly exchange: Exchange;
  readonly transport: Transport;
  /** For the roles that are parents of others. */
  readonly starter: RoleStarter;
  /** Aborted when the role must stop: it drains what it holds and returns. */
  readonly signal: AbortSignal;
  /** To be called once, when others may rely on it. */
  readonly ready: (facts?: ReadyFacts) => void;
}

/** A role. The promise ends when it has stopped; it rejects when it cannot go on. */
export type RunRole = (context: RoleContext) => Promise<void>;

/** Resolves when `signal` aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** `receive`, but what one message makes it throw is logged, and the next one is taken as ever. */
export function guarded<Message>(log: Log, receive: (message: Message) => void): (message: Message) => void {
  return (message) => {
    try {
      receive(message);
    } catch (thrown) {
      log.error(`Cannot handle a message: ${reasonOf(thrown)}`);
    }
  };
}
