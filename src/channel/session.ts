/**
 * An authenticated connection's two ciphers. The frames of a session are numbered by their order, so one that is
 * changed, repeated or left out ends the connection.
 *
 * @module
 */
import { CipherState } from "../crypto/noise.ts";

/** The keys of both directions, from this side's point of view. */
export interface SessionKeys {
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
}

/** Seals what goes out, opens what comes in. */
export class Session {
  readonly #out: CipherState;
  readonly #in: CipherState;

  constructor({ sendKey, receiveKey }: SessionKeys) {
    this.#out = new CipherState(sendKey);
    this.#in = new CipherState(receiveKey);
  }

  /** A frame for the peer. Each must be sent, and in this order. */
  seal(message: Uint8Array): Uint8Array {
    return this.#out.seal(message);
  }

  /** The message in a frame; a `ProtocolError` ends the session. */
  open(frame: Uint8Array): Uint8Array {
    return this.#in.open(frame);
  }
}

/** An empty message is a heartbeat; the master sends it back, the client does not. */
export const HEARTBEAT: Uint8Array = new Uint8Array(0);
