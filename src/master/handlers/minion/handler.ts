/**
 * What a handler of minions' messages looks like.
 *
 * @module
 */
import type { FromMinion, FromMinionKind } from "../../../wire/minion_messages.ts";
import type { Desk, Sender } from "../../desk.ts";

/** A minion's message of one kind. */
export type MessageOf<K extends FromMinionKind> = Extract<FromMinion, { kind: K }>;

/** Handles one kind of message. */
export type MinionHandler<K extends FromMinionKind> = (message: MessageOf<K>, from: Sender, desk: Desk) => void;
