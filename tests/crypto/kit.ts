/**
 * What the tests of keys and seals share.
 *
 * @module
 */
import { type Identity } from "../../src/crypto/identity.ts";
import { keyPairOf } from "../../src/runtime/crypto.ts";

/** The same identity for the same letter, so that what is derived from it can be compared with golden text. */
export function identityOf(letter: string): Identity {
  const seed = (offset: number) => new Uint8Array(32).fill(letter.charCodeAt(0) + offset);
  return { agreement: keyPairOf("x25519", seed(0)), signing: keyPairOf("ed25519", seed(100)) };
}

/** Copies of `bytes`, each with another single bit flipped. */
export function* bitFlipsOf(bytes: Uint8Array): Generator<{ flipped: Uint8Array; bit: number }> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield { flipped, bit };
  }
}
