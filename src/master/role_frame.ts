/**
 * How messages between roles' processes lie in a byte stream.
 *
 *     4 bytes   length of what follows, big-endian
 *     n bytes   msgpack of [number, messages], or of [number, null]
 *
 * @module
 */
import { concat } from "../core/bytes.ts";
import { decodeTrusted, encode } from "../wire/codec.ts";

const LENGTH_BYTES = 4;

/** The bytes of one frame. */
export function encodeFrame(number: number, messages: readonly unknown[] | null): Uint8Array {
  const payload = encode([number, messages]);
  const frame = new Uint8Array(LENGTH_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, LENGTH_BYTES);
  return frame;
}

/** Bytes in pieces, frames out. */
export class FrameReader {
  #pieces: Uint8Array[] = [];
  #held = 0;
  #wanted = LENGTH_BYTES;

  /** The frames that are whole with this piece. */
  *read(piece: Uint8Array): Generator<[number, unknown[] | null]> {
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held < this.#wanted) return;
    let rest = this.#pieces.length === 1 ? piece : concat(...this.#pieces);
    for (;;) {
      if (rest.length < LENGTH_BYTES) break;
      const sizeBytes = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
      this.#wanted = LENGTH_BYTES + sizeBytes;
      if (rest.length < this.#wanted) break;
      yield decodeTrusted(rest.subarray(LENGTH_BYTES, this.#wanted)) as [number, unknown[] | null];
      rest = rest.subarray(this.#wanted);
      this.#wanted = LENGTH_BYTES;
    }
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
  }
}
