/** A minion tells of something: filed under its own prefix and nowhere else (T20). @module */
import { ProtocolError } from "../../../core/errors.ts";
import { encode } from "../../../wire/codec.ts";
import { checkPayload, MESSAGE_LIMITS } from "../../../wire/limits.ts";
import type { MinionHandler } from "./handler.ts";

/** What every client can be told, inside the message that brings it: a minion must not end an operator's session. */
const EVENT_LIMITS = { ...MESSAGE_LIMITS, maxBytes: 64 * 1024, maxDepth: MESSAGE_LIMITS.maxDepth - 4 };
const MAX_TAG_CHARS = 256;

export const event: MinionHandler<"event"> = ({ id, tag, data }, _from, desk) => {
  const whole = `brine/minion/${id}/${tag}`;
  if (whole.length > MAX_TAG_CHARS) {
    throw new ProtocolError(`Cannot take event: its tag has ${whole.length} characters`);
  }
  checkPayload(encode(data), EVENT_LIMITS);
  desk.emit(whole, data);
};
