/**
 * What minions may say, one handler a kind. The table is closed: a kind without a handler does not compile, and no
 * name from the wire is ever looked up as a property (T5).
 *
 * @module
 */
import { ProtocolError } from "../../../core/errors.ts";
import type { FromMinionKind } from "../../../wire/minion_messages.ts";
import type { Desk, Sender } from "../../desk.ts";
import { chunk } from "./chunk.ts";
import { event } from "./event.ts";
import type { MessageOf, MinionHandler } from "./handler.ts";
import { ready } from "./ready.ts";
import { returned } from "./return.ts";
import { running } from "./running.ts";
import { ticket } from "./ticket.ts";

const handlers: { readonly [K in FromMinionKind]: MinionHandler<K> } = {
  ready,
  running,
  return: returned,
  chunk,
  event,
  ticket,
};

/** Handles a minion's message, unless the id in it is not the connection's (T1). */
export function handleMinion<K extends FromMinionKind>(message: MessageOf<K>, from: Sender, desk: Desk): void {
  if (message.id !== from.id) {
    throw new ProtocolError(`Cannot accept "${message.kind}" of "${message.id}": "${from.id}" sent it`);
  }
  const handler: MinionHandler<K> = handlers[message.kind as K];
  handler(message, from, desk);
}
