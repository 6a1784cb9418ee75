/**
 * What operators may ask, one handler a kind, each answered with a value or refused with a reason.
 *
 * @module
 */
import type { FromOperatorKind, ReplyTo } from "../../../wire/operator_messages.ts";
import type { Desk, Sender } from "../../desk.ts";
import { body } from "./body.ts";
import type { OperatorHandler, RequestOf } from "./handler.ts";
import { job } from "./job.ts";
import { jobKill } from "./job_kill.ts";
import { jobs } from "./jobs.ts";
import { keyChange } from "./key_change.ts";
import { keys } from "./keys.ts";
import { minions } from "./minions.ts";
import { run } from "./run.ts";
import { subscribe } from "./subscribe.ts";
import { token } from "./token.ts";

const handlers: { readonly [K in FromOperatorKind]: OperatorHandler<K> } = {
  run,
  minions,
  keys,
  key_change: keyChange,
  token,
  jobs,
  job,
  job_kill: jobKill,
  body,
  subscribe,
};

/** Answers a request. */
export async function handleOperator<K extends FromOperatorKind>(
  request: RequestOf<K>,
  from: Sender,
  desk: Desk,
): Promise<ReplyTo<K>> {
  const handler: OperatorHandler<K> = handlers[request.kind as K];
  return await handler(request, from, desk);
}
