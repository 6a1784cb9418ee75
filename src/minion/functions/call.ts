/**
 * One call of one function: whatever happens inside becomes a result, because a master waits for an answer.
 *
 * | retcode | means |
 * | --- | --- |
 * | 0 | it went well |
 * | 1 | the function threw; the answer is the error's text |
 * | 124 | a command ran into its `timeout` (set by `cmd`) |
 * | 130 | the job was killed |
 * | 254 | there is no such function |
 * | other | the function's own, such as the exit code of a command |
 *
 * @module
 */
import { systemClock } from "../../core/clock.ts";
import { reasonOf } from "../../core/errors.ts";
import { bindArguments } from "./bind.ts";
import type { CallContext, FunctionLookup, FunctionResult } from "./function.ts";
import { UnknownFunctionError } from "./table.ts";

/** What is to be run. */
export interface CallRequest {
  readonly function: string;
  readonly arguments: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** What came of it. */
export interface CallOutcome {
  readonly return: unknown;
  readonly retcode: number;
  /** Whether `retcode` is 0. */
  readonly success: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** A function threw. */
export const RETCODE_FAILED = 1;
/** The job was killed. */
export const RETCODE_KILLED = 130;
/** There is no such function. */
export const RETCODE_UNKNOWN_FUNCTION = 254;

/** A killed job may still hand in what it has, as a command does whose processes must be ended first. */
const FINISH_AFTER_KILL_MS = 10_000;

/** Runs the function that `request` names. Never rejects. */
export async function callFunction(
  table: FunctionLookup,
  request: CallRequest,
  context: CallContext,
): Promise<CallOutcome> {
  const clock = context.clock ?? systemClock;
  const startedAt = clock.now();
  const result = await resultOf(table, request, context);
  return { ...result, success: result.retcode === 0, startedAt, durationMs: clock.now() - startedAt };
}

async function resultOf(table: FunctionLookup, request: CallRequest, context: CallContext): Promise<FunctionResult> {
  const killed = { return: `Cannot finish ${request.function}: the job was killed`, retcode: RETCODE_KILLED };
  try {
    const definition = table.get(request.function);
    const args = bindArguments(definition, request.arguments, request.named);
    if (context.signal.aborted) return killed;
    using deadline = deadlineAfterKill(context);
    const result = await Promise.race([definition.run(args, context), deadline.passed]);
    if (!context.signal.aborted) return result ?? killed;
    return { return: result?.return ?? killed.return, retcode: RETCODE_KILLED };
  } catch (thrown) {
    if (context.signal.aborted) return killed;
    const retcode = thrown instanceof UnknownFunctionError ? RETCODE_UNKNOWN_FUNCTION : RETCODE_FAILED;
    return { return: reasonOf(thrown), retcode };
  }
}

/** Resolves some time after the job was killed, for functions that do not listen. */
function deadlineAfterKill({ signal, clock = systemClock }: CallContext): Disposable & { passed: Promise<undefined> } {
  let timer: Disposable | undefined;
  const { promise: passed, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => void (timer = clock.after(FINISH_AFTER_KILL_MS, () => resolve(undefined)));
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    passed,
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      signal.removeEventListener("abort", onAbort);
    },
  };
}
