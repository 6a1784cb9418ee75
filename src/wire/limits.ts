/**
 * What a peer's bytes may look like before anything is made from them: a walk over the msgpack that allocates
 * nothing. Sizes, depth and counts are judged while they are still numbers in a header.
 *
 * @module
 */
import { textOf } from "../core/bytes.ts";
import { ProtocolError } from "../core/errors.ts";

/** The bounds of one payload. */
export interface PayloadLimits {
  readonly maxBytes: number;
  /** Maps and lists inside one another. */
  readonly maxDepth: number;
  /** Entries of one map. */
  readonly maxKeys: number;
  /** Items of one list. */
  readonly maxItems: number;
  /** Bytes of one string. */
  readonly maxStringBytes: number;
  /** Bytes of one binary value. */
  readonly maxBinaryBytes: number;
}

/** For messages of the protocol. */
export const MESSAGE_LIMITS: PayloadLimits = {
  maxBytes: 2 * 1024 * 1024, // one frame
  maxDepth: 16,
  maxKeys: 65_536, // a map by minion of ten thousand minions
  maxItems: 65_536,
  maxStringBytes: 1024 * 1024,
  maxBinaryBytes: 2 * 1024 * 1024,
};

/** For what a function returned: as large as it is, but of a sane shape. */
export const BODY_LIMITS: PayloadLimits = {
  maxBytes: 2 ** 31,
  maxDepth: 64,
  maxKeys: 1_000_000,
  maxItems: 10_000_000,
  maxStringBytes: 2 ** 31,
  maxBinaryBytes: 2 ** 31,
};

/** Throws a `ProtocolError` unless `bytes` hold exactly one msgpack value within `limits` and without extension types. */
export function checkPayload(bytes: Uint8Array, limits: PayloadLimits): void {
  if (bytes.length > limits.maxBytes) refuse(`${bytes.length} bytes, limit ${limits.maxBytes}`);
  const walk = new Walk(bytes, limits);
  walk.value(0);
  if (walk.offset !== bytes.length) refuse(`${bytes.length - walk.offset} bytes left over`);
}

function refuse(state: string): never {
  throw new ProtocolError(`Cannot read payload: ${state}`);
}

class Walk {
  offset = 0;
  readonly #bytes: Uint8Array;
  readonly #limits: PayloadLimits;

  constructor(bytes: Uint8Array, limits: PayloadLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  /** Steps over one value. Formats: github.com/msgpack/msgpack/blob/master/spec.md */
  value(depth: number): void {
    const type = this.#number(1);
    if (type <= 0x7f || type >= 0xe0) return; // small integers
    if (type <= 0x8f) return this.#map(type & 0x0f, depth);
    if (type <= 0x9f) return this.#list(type & 0x0f, depth);
    if (type <= 0xbf) return this.#string(type & 0x1f);
    switch (type) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return;
      case 0xc4:
        return this.#binary(this.#number(1));
      case 0xc5:
        return this.#binary(this.#number(2));
      case 0xc6:
        return this.#binary(this.#number(4));
      case 0xca: // float 32
      case 0xce: // uint 32
      case 0xd2: // int 32
        return this.#skip(4);
      case 0xcb: // float 64
      case 0xcf: // uint 64
      case 0xd3: // int 64
        return this.#skip(8);
      case 0xcc:
      case 0xd0:
        return this.#skip(1);
      case 0xcd:
      case 0xd1:
        return this.#skip(2);
      case 0xd9:
        return this.#string(this.#number(1));
      case 0xda:
        return this.#string(this.#number(2));
      case 0xdb:
        return this.#string(this.#number(4));
      case 0xdc:
        return this.#list(this.#number(2), depth);
      case 0xdd:
        return this.#list(this.#number(4), depth);
      case 0xde:
        return this.#map(this.#number(2), depth);
      case 0xdf:
        return this.#map(this.#number(4), depth);
      default:
        refuse(`type 0x${type.toString(16)} is not allowed`);
    }
  }

  #map(count: number, depth: number): void {
    this.#enter(depth);
    if (count > this.#limits.maxKeys) refuse(`a map of ${count} keys, limit ${this.#limits.maxKeys}`);
    for (let i = 0; i < count; i++) {
      this.#key();
      this.value(depth + 1);
    }
  }

  #key(): void {
    const start = this.offset;
    const type = this.#bytes[start] ?? refuse("it ends too early");
    const isShort = type >= 0xa0 && type <= 0xbf;
    if (!isShort && (type < 0xd9 || type > 0xdb)) refuse("a map key is no string");
    this.value(0);
    const headerBytes = isShort ? 1 : 1 + 2 ** (type - 0xd9);
    if (this.offset - start - headerBytes !== 9) return; // "__proto__" has nine letters
    if (textOf(this.#bytes.subarray(start + headerBytes, this.offset)) === "__proto__") refuse('key "__proto__"');
  }

  #list(count: number, depth: number): void {
    this.#enter(depth);
    if (count > this.#limits.maxItems) refuse(`a list of ${count} items, limit ${this.#limits.maxItems}`);
    for (let i = 0; i < count; i++) this.value(depth + 1);
  }

  #enter(depth: number): void {
    if (depth >= this.#limits.maxDepth) refuse(`nested deeper than ${this.#limits.maxDepth}`);
  }

  #string(sizeBytes: number): void {
    if (sizeBytes > this.#limits.maxStringBytes) {
      refuse(`a string of ${sizeBytes} bytes, limit ${this.#limits.maxStringBytes}`);
    }
    this.#skip(sizeBytes);
  }

  #binary(sizeBytes: number): void {
    if (sizeBytes > this.#limits.maxBinaryBytes) {
      refuse(`a binary value of ${sizeBytes} bytes, limit ${this.#limits.maxBinaryBytes}`);
    }
    this.#skip(sizeBytes);
  }

  #number(sizeBytes: number): number {
    let value = 0;
    for (let i = 0; i < sizeBytes; i++) {
      value = value * 256 + (this.#bytes[this.offset + i] ?? refuse("it ends too early"));
    }
    this.offset += sizeBytes;
    return value;
  }

  #skip(sizeBytes: number): void {
    if (this.offset + sizeBytes > this.#bytes.length) refuse("it ends too early");
    this.offset += sizeBytes;
  }
}
