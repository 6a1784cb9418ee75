/**
 * Starts roles as processes of their own, and is the other end in such a process.
 *
 * @module
 */
import * as v from "valibot";
import type { MasterConfig } from "../config/master_config.ts";
import { reasonOf } from "../core/errors.ts";
import { type RoleChild, type RoleParent, startRoleChild } from "../runtime/role_child.ts";
import type { ReadyFacts, RoleEnd, RoleStarter } from "./starter.ts";

/** A role that was told to stop and does not is killed after this long: draining takes milliseconds. */
const STOP_LIMIT_MS = 4_000;

/** The role that is a parent itself has time to kill each of its own, so that none is left without a parent. */
const PARENT = { name: "ReqServer_ProcessManager", stopLimitMs: 30_000 };

/** What `ps` shows. */
export function titleOf(role: string): string {
  return `brine master ${role}`;
}

/** What a role's process is told first. */
export interface RoleOrder {
  readonly config: MasterConfig;
  /** Where the hubs' sockets are. */
  readonly socketDirectory: string;
  readonly facts: ReadyFacts;
}

const facts = v.object({ retPort: v.exactOptional(v.number()), publishPort: v.exactOptional(v.number()) });

const fromChild = v.variant("kind", [
  v.object({ kind: v.literal("ready"), facts }),
  v.object({ kind: v.literal("failed"), reason: v.string() }),
]);

const toChild = v.variant("kind", [
  // Written by this same program a moment ago: its shape is not in question.
  v.object({ kind: v.literal("start"), order: v.custom<RoleOrder>((value) => typeof value === "object") }),
  v.object({ kind: v.literal("config"), config: v.custom<MasterConfig>((value) => typeof value === "object") }),
  v.object({ kind: v.literal("stop") }),
]);

/** A line to a role's process. */
export type ToRoleProcess = v.InferOutput<typeof toChild>;

/** Starts roles as processes. */
export interface ProcessStarter extends RoleStarter {
  /** Tells those that run, who tell their own. */
  reload(config: MasterConfig): void;
  /** Passes a signal on to the role of this name, if it runs. */
  signal(name: string, signal: "SIGUSR1"): void;
}

/** Makes a starter; `orderOf` is asked anew at every start. */
export function processStarter(orderOf: (facts: ReadyFacts) => RoleOrder): ProcessStarter {
  const running = new Map<string, RoleChild>();
  return {
    canRestart: true,
    start(name, known) {
      const ready = Promise.withResolvers<ReadyFacts>();
      let reason: string | undefined;
      let isStopping = false;
      const child = startRoleChild(titleOf(name), name, (line) => {
        const message = v.safeParse(fromChild, line);
        if (!message.success) return;
        if (message.output.kind === "ready") ready.resolve(message.output.facts);
        else reason = message.output.reason;
      });
      const tell = (line: ToRoleProcess) => child.tell(line);
      running.set(name, child);
      tell({ kind: "start", order: orderOf(known) });
      const ended = child.ended.then((how): RoleEnd => {
        if (running.get(name) === child) running.delete(name);
        if (reason !== undefined) return { kind: "failed", reason };
        return isStopping || how === 0 ? { kind: "stopped" } : { kind: "died", how: String(how) };
      });
      return {
        ready: ready.promise,
        ended,
        stop() {
          isStopping = true;
          tell({ kind: "stop" });
          const limitMs = name === PARENT.name ? PARENT.stopLimitMs : STOP_LIMIT_MS;
          const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
          void ended.finally(() => clearTimeout(timer));
        },
      };
    },
    reload(config) {
      for (const child of running.values()) child.tell({ kind: "config", config } satisfies ToRoleProcess);
    },
    signal: (name, signal) => running.get(name)?.kill(signal),
  };
}

/** What a role's process does with what it is told. */
export interface RoleProcess {
  run(order: RoleOrder, signal: AbortSignal, ready: (facts?: ReadyFacts) => void): Promise<void>;
  reload(config: MasterConfig): void;
  /** The parent has gone. */
  orphaned(): void;
}

/** Lives as the role's process until it is told to stop; says whether it ended well. */
export async function serveAsRole(parent: RoleParent, role: RoleProcess): Promise<boolean> {
  const stop = new AbortController();
  const started = Promise.withResolvers<RoleOrder>();
  parent.listen((line) => {
    const message = v.parse(toChild, line);
    if (message.kind === "start") started.resolve(message.order);
    else if (message.kind === "config") void started.promise.then(() => role.reload(message.config)); // after its start
    else stop.abort();
  }, { terminated: () => stop.abort(), orphaned: () => role.orphaned() });
  try {
    const order = await started.promise;
    await role.run(order, stop.signal, (more = {}) => parent.tell({ kind: "ready", facts: more }));
    return true;
  } catch (thrown) {
    parent.tell({ kind: "failed", reason: reasonOf(thrown) });
    return false;
  }
}
