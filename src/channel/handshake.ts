/**
 * The first three frames of every connection to 4506: Noise XX, and in it who is there.
 *
 *     -> version (1 byte), role (1 byte), Noise message 1 with an empty payload
 *     <- 1, Noise message 2 with { signingKey, at }       or  <- 0, a reason in UTF-8
 *     -> Noise message 3 with { id, signingKey, signature, token? }
 *
 * The prologue is "brine", version and role, so neither can be changed on the way (T23). The signature is Ed25519
 * over the transcript up to the second message, in which the master's ephemeral key is the fresh nonce (T19).
 *
 * @module
 */
import * as v from "valibot";
import { concat, textOf, utf8 } from "../core/bytes.ts";
import { ProtocolError } from "../core/errors.ts";
import { printable } from "../core/printable.ts";
import type { Identity, PublicIdentity } from "../crypto/identity.ts";
import { NoiseXX, type Split } from "../crypto/noise.ts";
import { isSignedBy, publicKeyOf, signWith } from "../runtime/crypto.ts";
import { decodeAs, encode } from "../wire/codec.ts";
import * as f from "../wire/fields.ts";
import { WIRE_VERSION } from "../wire/version.ts";

/** The largest frame that anybody may send before it is authenticated. */
export const MAX_HANDSHAKE_BYTES = 4_096;

/** How long a handshake may take. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;

/** What a peer of the master is. */
export type Role = "minion" | "operator";

const ROLE_BYTES: Readonly<Record<Role, number>> = { minion: 1, operator: 2 };
const LOGIN_CONTEXT = utf8("brine login 1");

const masterHello = v.strictObject({ signingKey: f.bytesOf(32), at: f.milliseconds });
const peerHello = v.strictObject({
  id: f.id,
  signingKey: f.bytesOf(32),
  signature: f.bytesOf(64),
  token: v.exactOptional(v.pipe(v.string(), v.maxLength(128))),
});

function prologueOf(role: Role): Uint8Array {
  return concat(utf8("brine"), Uint8Array.of(WIRE_VERSION, ROLE_BYTES[role]));
}

function loginText(transcript: Uint8Array, role: Role, id: string): Uint8Array {
  return concat(LOGIN_CONTEXT, transcript, Uint8Array.of(ROLE_BYTES[role]), utf8(id));
}

/** Who a client says that it is. */
export interface ClientHello {
  readonly role: Role;
  readonly id: string;
  readonly identity: Identity;
  /** A single-use enrolment token. */
  readonly token?: string;
}

/** The client's side. */
export class ClientHandshake {
  readonly #noise: NoiseXX;
  readonly #hello: ClientHello;

  constructor(hello: ClientHello) {
    this.#hello = hello;
    const { role, identity } = hello;
    this.#noise = new NoiseXX({ isInitiator: true, prologue: prologueOf(role), staticKey: identity.agreement });
  }

  /** The first frame. */
  start(): Uint8Array {
    const start = Uint8Array.of(WIRE_VERSION, ROLE_BYTES[this.#hello.role]);
    return concat(start, this.#noise.write(new Uint8Array(0)));
  }

  /**
   * Answers the master's frame. `checkMaster` throws unless it is the right master; nothing about this side is told
   * before it agrees.
   */
  finish(
    frame: Uint8Array,
    checkMaster: (master: PublicIdentity, at: number) => void,
  ): { reply: Uint8Array; split: Split } {
    if (frame[0] === 0) {
      throw new ProtocolError(`Cannot shake hands: the master says: ${printable(textOf(frame.subarray(1, 400)))}`);
    }
    if (frame.length > MAX_HANDSHAKE_BYTES) {
      throw new ProtocolError(`Cannot shake hands: ${frame.length} bytes at once`);
    }
    if (frame[0] !== 1) throw new ProtocolError("Cannot shake hands: this is no Brine master");
    const hello = decodeAs("master's hello", masterHello, this.#noise.read(frame.subarray(1)));
    checkMaster({ agreementKey: this.#noise.remoteStatic, signingKey: hello.signingKey.slice() }, hello.at);
    const { role, id, identity, token } = this.#hello;
    const payload = {
      id,
      signingKey: identity.signing.publicKey,
      signature: signWith(identity.signing, loginText(this.#noise.handshakeHash, role, id)),
      ...(token === undefined ? {} : { token }),
    };
    return { reply: this.#noise.write(encode(payload)), split: this.#noise.split() };
  }
}

/** A peer that has proved who it is. Whether it may do anything is for the key store to say. */
export interface Authenticated {
  readonly role: Role;
  readonly id: string;
  readonly identity: PublicIdentity;
  readonly token: string | undefined;
  readonly split: Split;
}

/** The master's side. */
export class MasterHandshake {
  #noise: NoiseXX | undefined;
  #role: Role = "minion";
  readonly #identity: Identity;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** Answers the first frame. */
  start(frame: Uint8Array, nowMs: number): Uint8Array {
    if (this.#noise) throw new ProtocolError("Cannot shake hands: out of order");
    if (frame.length > MAX_HANDSHAKE_BYTES) {
      throw new ProtocolError(`Cannot shake hands: ${frame.length} bytes at once`);
    }
    const [version, roleByte] = frame;
    if (version !== WIRE_VERSION) {
      throw new ProtocolError(
        `Cannot shake hands: version ${version ?? "none"} offered, this master speaks ${WIRE_VERSION}`,
      );
    }
    if (roleByte === ROLE_BYTES.minion) this.#role = "minion";
    else if (roleByte === ROLE_BYTES.operator) this.#role = "operator";
    else throw new ProtocolError(`Cannot shake hands: unknown role ${roleByte}`);
    const prologue = prologueOf(this.#role);
    this.#noise = new NoiseXX({ isInitiator: false, prologue, staticKey: this.#identity.agreement });
    this.#noise.read(frame.subarray(2));
    const hello = encode({ signingKey: this.#identity.signing.publicKey, at: nowMs });
    return concat(Uint8Array.of(1), this.#noise.write(hello));
  }

  /** Judges the third frame. */
  finish(frame: Uint8Array): Authenticated {
    const noise = this.#noise;
    if (!noise || frame.length > MAX_HANDSHAKE_BYTES) throw new ProtocolError("Cannot shake hands: out of order");
    const transcript = noise.handshakeHash;
    const hello = decodeAs("hello", peerHello, noise.read(frame));
    const signingKey = hello.signingKey.slice();
    if (!hasSigned(signingKey, loginText(transcript, this.#role, hello.id), hello.signature)) {
      throw new ProtocolError(`Cannot log in as "${hello.id}": the signature over this session does not hold`);
    }
    return {
      role: this.#role,
      id: hello.id,
      identity: { agreementKey: noise.remoteStatic, signingKey },
      token: hello.token,
      split: noise.split(),
    };
  }
}

/** Some runtimes refuse to make a key of 32 bytes that are no point of the curve; its owner has signed nothing. */
function hasSigned(signingKey: Uint8Array, text: Uint8Array, signature: Uint8Array): boolean {
  try {
    return isSignedBy(publicKeyOf("ed25519", signingKey), text, signature);
  } catch {
    return false;
  }
}

/** The frame that tells a peer why there will be no handshake. */
export function refusalFrame(reason: string): Uint8Array {
  return concat(Uint8Array.of(0), utf8(reason.slice(0, 300)));
}
