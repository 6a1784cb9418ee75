/**
 * What a handler of operators' requests looks like.
 *
 * @module
 */
import type { FromOperator, FromOperatorKind, ReplyTo } from "../../../wire/operator_messages.ts";
import type { Desk, Sender } from "../../desk.ts";

/** An operator's request of one kind. */
export type RequestOf<K extends FromOperatorKind> = Extract<FromOperator, { kind: K }>;

/** Answers one kind of request; throws a `Refused` with its reason. */
export type OperatorHandler<K extends FromOperatorKind> = (
  request: RequestOf<K>,
  from: Sender,
  desk: Desk,
) => ReplyTo<K> | Promise<ReplyTo<K>>;
