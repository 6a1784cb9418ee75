/**
 * One ZeroMQ frame as one binary WebSocket message: a flag byte, then the body (RFC 45).
 *
 *     +------+----------------+
 *     | flag | body …         |    0x00 the last frame of a message   0x01 more follow   0x02 a command
 *     +------+----------------+
 *
 * Without a security mechanism there are no commands, so 0x02 is an error here.
 *
 * @module
 */
import { ProtocolError } from "../../core/errors.ts";
import type { Frame } from "../transport.ts";

const LAST = 0x00;
const MORE = 0x01;

/** One allocation: the flag byte and a copy of `body`. */
export function encodeFrame(body: Frame, hasMore = false): Uint8Array {
  const message = new Uint8Array(body.length + 1);
  message[0] = hasMore ? MORE : LAST;
  message.set(body, 1);
  return message;
}

/** Each frame of a message, ready to send. Throws for a message without frames, which ZeroMQ does not have. */
export function encodeFrames(frames: readonly Frame[]): Uint8Array[] {
  if (frames.length === 0) throw new TypeError("Cannot send message: it has no frames");
  return frames.map((frame, at) => encodeFrame(frame, at < frames.length - 1));
}

/** Whether more frames of the same message follow. Throws for what is not a frame. */
export function decodeHasMore(message: Uint8Array): boolean {
  const flag = message[0];
  if (flag === LAST) return false;
  if (flag === MORE) return true;
  const state = flag === undefined ? "it has no flag byte" : `its flag is 0x${flag.toString(16).padStart(2, "0")}`;
  throw new ProtocolError(`Cannot read frame: ${state}`);
}

/** The body: a view, not a copy. */
export function decodeBody(message: Uint8Array): Frame {
  return message.subarray(1);
}
