/**
 * Puts the frames of one connection together into messages, under the limits. The first frame that ever comes is the
 * peer's routing id; it is checked and forgotten, because a routing id says nothing about who is there (table J4).
 *
 * @module
 */
import { ProtocolError } from "../../core/errors.ts";
import type { Frame } from "../transport.ts";
import { decodeBody, decodeHasMore } from "./frame.ts";

/** RFC 45 takes this over from ZMTP. */
export const MAX_ROUTING_ID_BYTES = 255;

/** One per connection. */
export class MessageReader {
  readonly #maxFrameBytes: number;
  readonly #maxFrames: number;
  #hasGreeted = false;
  #partial: Frame[] = [];

  constructor({ maxFrameBytes, maxFrames }: { readonly maxFrameBytes: number; readonly maxFrames: number }) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#maxFrames = maxFrames;
  }

  /** Whether the routing id has come. */
  get hasGreeted(): boolean {
    return this.#hasGreeted;
  }

  /** A complete message, or undefined when it is not complete or was the routing id. Throws {@link ProtocolError}. */
  read(message: Uint8Array | string): Frame[] | undefined {
    if (typeof message === "string") throw new ProtocolError("Cannot read frame: it is a text message");
    const hasMore = decodeHasMore(message);
    const bytes = message.length - 1;
    if (!this.#hasGreeted) {
      if (hasMore) throw new ProtocolError("Cannot read routing id: it is more than one frame");
      if (bytes > MAX_ROUTING_ID_BYTES) {
        throw new ProtocolError(`Cannot read routing id: ${bytes} bytes, limit ${MAX_ROUTING_ID_BYTES}`);
      }
      this.#hasGreeted = true;
      return undefined;
    }
    if (bytes > this.#maxFrameBytes) {
      throw new ProtocolError(`Cannot read frame: ${bytes} bytes, limit maxFrameBytes ${this.#maxFrameBytes}`);
    }
    // A frame that says "more" already promises one beyond itself.
    if (this.#partial.length + (hasMore ? 2 : 1) > this.#maxFrames) {
      throw new ProtocolError(`Cannot read message: more frames than maxFrames ${this.#maxFrames}`);
    }
    const body = decodeBody(message);
    if (hasMore) {
      this.#partial.push(body);
      return undefined;
    }
    if (this.#partial.length === 0) return [body];
    const frames = this.#partial;
    this.#partial = [];
    frames.push(body);
    return frames;
  }
}
