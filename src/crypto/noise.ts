/**
 * Noise_XX_25519_AESGCM_SHA256, by the specification (noiseprotocol.org, revision 34), and nothing of our own:
 *
 *     -> e
 *     <- e, ee, s, es
 *     -> s, se
 *
 * Afterwards both sides know each other's static key, and nobody else learned either of them from the wire.
 *
 * @module
 */
import { concat, utf8 } from "../core/bytes.ts";
import { ProtocolError } from "../core/errors.ts";
import {
  agree,
  hmacSha256,
  type KeyPair,
  newKeyPair,
  open,
  publicKeyOf,
  seal,
  sha256,
  TAG_BYTES,
} from "../runtime/crypto.ts";

const PROTOCOL_NAME = utf8("Noise_XX_25519_AESGCM_SHA256");
const KEY_BYTES = 32;
const NONE = new Uint8Array(0);
const MAX_COUNTER = 2 ** 48; // far below the 2^64 of the specification, far above any connection's life

/** One direction of a session: AES-256-GCM whose nonce counts messages (section 5.1, "CipherState"). */
export class CipherState {
  #counter = 0;
  readonly #key: Uint8Array;
  readonly #nonce = new Uint8Array(12);
  readonly #view = new DataView(this.#nonce.buffer);

  /** `counter` lets a session move to another process in mid-life. */
  constructor(key: Uint8Array, counter = 0) {
    this.#key = key;
    this.#counter = counter;
  }

  /** Ciphertext and tag. */
  seal(plain: Uint8Array, associated: Uint8Array = NONE): Uint8Array {
    return seal(this.#key, this.#nextNonce(), associated, plain);
  }

  /** The plain text; a `ProtocolError` when the bytes were changed, repeated, left out or out of order. */
  open(sealed: Uint8Array, associated: Uint8Array = NONE): Uint8Array {
    const plain = open(this.#key, this.#nextNonce(), associated, sealed);
    if (!plain) throw new ProtocolError("Cannot open sealed message: it was changed, repeated or is out of order");
    return plain;
  }

  #nextNonce(): Uint8Array {
    if (this.#counter >= MAX_COUNTER) throw new ProtocolError("Cannot go on with this session: its nonces are used up");
    this.#view.setUint32(4, Math.floor(this.#counter / 2 ** 32));
    this.#view.setUint32(8, this.#counter >>> 0);
    this.#counter++;
    return this.#nonce;
  }
}

/** What the two sides have when the handshake is over. */
export interface Split {
  /** Raw keys, one a direction, so that the worker that did the handshake can hand the session to the front. */
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  /** The peer's static X25519 key. */
  readonly remoteStatic: Uint8Array;
  /** Identifies this one session: both ephemeral keys went into it. */
  readonly handshakeHash: Uint8Array;
}

/** What a handshake starts from. `ephemeral` is for test vectors only. */
export interface NoiseOptions {
  readonly isInitiator: boolean;
  readonly prologue: Uint8Array;
  readonly staticKey: KeyPair;
  readonly ephemeral?: KeyPair;
}

/** One side of one handshake: `write` and `read` in turn, three messages in all, then `split`. */
export class NoiseXX {
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #cipher: CipherState | undefined;
  #step = 0;
  readonly #isInitiator: boolean;
  readonly #static: KeyPair;
  readonly #ephemeral: KeyPair;
  #remoteEphemeral = NONE;
  #remoteStatic = NONE;

  constructor({ isInitiator, prologue, staticKey, ephemeral }: NoiseOptions) {
    this.#isInitiator = isInitiator;
    this.#static = staticKey;
    this.#ephemeral = ephemeral ?? newKeyPair("x25519");
    this.#hash = concat(PROTOCOL_NAME, new Uint8Array(32 - PROTOCOL_NAME.length));
    this.#chainingKey = this.#hash;
    this.#mixHash(prologue);
  }

  /** The peer's static key, known from the second message on (initiator) or the third (responder). */
  get remoteStatic(): Uint8Array {
    return this.#remoteStatic;
  }

  /** The transcript so far; after the third message it names the session. */
  get handshakeHash(): Uint8Array {
    return this.#hash;
  }

  /** The next message of this side, with `payload` in it (sealed as well as the step allows: not at all in the first). */
  write(payload: Uint8Array): Uint8Array {
    const step = this.#take(this.#isInitiator ? [0, 2] : [1]);
    const parts: Uint8Array[] = [];
    if (step !== 2) {
      parts.push(this.#ephemeral.publicKey);
      this.#mixHash(this.#ephemeral.publicKey);
    }
    if (step === 1) this.#mixAgreement(this.#ephemeral, this.#remoteEphemeral); // ee
    if (step !== 0) {
      parts.push(this.#sealAndMix(this.#static.publicKey)); // s
      this.#mixAgreement(this.#static, this.#remoteEphemeral); // es for the responder, se for the initiator
    }
    parts.push(this.#sealAndMix(payload));
    return concat(...parts);
  }

  /** The payload of the peer's next message. Anything wrong with it is a `ProtocolError`. */
  read(message: Uint8Array): Uint8Array {
    const step = this.#take(this.#isInitiator ? [1] : [0, 2]);
    const least = step === 0 ? KEY_BYTES : step === 1 ? 2 * KEY_BYTES + 2 * TAG_BYTES : KEY_BYTES + 2 * TAG_BYTES;
    if (message.length < least) {
      throw new ProtocolError(
        `Cannot read handshake message ${step + 1}: ${message.length} bytes, at least ${least} needed`,
      );
    }
    let rest = message;
    if (step !== 2) {
      this.#remoteEphemeral = rest.slice(0, KEY_BYTES);
      rest = rest.subarray(KEY_BYTES);
      this.#mixHash(this.#remoteEphemeral);
    }
    if (step === 1) this.#mixAgreement(this.#ephemeral, this.#remoteEphemeral);
    if (step !== 0) {
      this.#remoteStatic = this.#openAndMix(rest.subarray(0, KEY_BYTES + TAG_BYTES)).slice();
      rest = rest.subarray(KEY_BYTES + TAG_BYTES);
      this.#mixAgreement(this.#ephemeral, this.#remoteStatic);
    }
    return this.#openAndMix(rest);
  }

  /** The session's keys, after the third message. */
  split(): Split {
    if (this.#step !== 3) {
      throw new ProtocolError(`Cannot split handshake: only ${this.#step} of 3 messages were exchanged`);
    }
    const [first, second] = this.#derive(NONE);
    return {
      sendKey: this.#isInitiator ? first : second,
      receiveKey: this.#isInitiator ? second : first,
      remoteStatic: this.#remoteStatic,
      handshakeHash: this.#hash,
    };
  }

  #take(own: readonly number[]): number {
    const step = this.#step;
    if (!own.includes(step)) {
      throw new ProtocolError(`Cannot go on with handshake: message ${step + 1} is not ours to give`);
    }
    this.#step++;
    return step;
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data);
  }

  #mixAgreement(own: KeyPair, theirs: Uint8Array): void {
    let secret: Uint8Array;
    try {
      secret = agree(own, publicKeyOf("x25519", theirs));
    } catch (cause) {
      throw new ProtocolError("Cannot go on with handshake: the peer's public key is unusable", { cause });
    }
    const [chainingKey, key] = this.#derive(secret);
    this.#chainingKey = chainingKey;
    this.#cipher = new CipherState(key);
  }

  /** HKDF with two outputs (section 4.3). */
  #derive(input: Uint8Array): [Uint8Array, Uint8Array] {
    const secret = hmacSha256(this.#chainingKey, input);
    const first = hmacSha256(secret, Uint8Array.of(1));
    return [first, hmacSha256(secret, first, Uint8Array.of(2))];
  }

  #sealAndMix(plain: Uint8Array): Uint8Array {
    const sealed = this.#cipher ? this.#cipher.seal(plain, this.#hash) : plain;
    this.#mixHash(sealed);
    return sealed;
  }

  #openAndMix(sealed: Uint8Array): Uint8Array {
    const plain = this.#cipher ? this.#cipher.open(sealed, this.#hash) : sealed;
    this.#mixHash(sealed);
    return plain;
  }
}
