/**
 * Sealing and opening what is published: one AES-256-GCM and one Ed25519 signature for all minions together.
 *
 * @module
 */
import { concat, utf8 } from "../core/bytes.ts";
import { ProtocolError } from "../core/errors.ts";
import { isSignedBy, type KeyPair, open, type PublicKey, seal, signWith } from "../runtime/crypto.ts";
import {
  encodePublishHeader,
  HEADER_BYTES,
  type PublishHeader,
  readPublishHeader,
  SIGNATURE_BYTES,
} from "../wire/publish.ts";

const CONTEXT = utf8("brine publish 1");

function nonceOf(header: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(12); // an epoch's key seals each sequence number once
  nonce.set(header.subarray(8, HEADER_BYTES), 4);
  return nonce;
}

/** The whole frame for one publish. A sequence number must never serve twice in an epoch. */
export function sealPublish(header: PublishHeader, key: Uint8Array, plain: Uint8Array, signer: KeyPair): Uint8Array {
  const clear = encodePublishHeader(header);
  const body = concat(clear, seal(key, nonceOf(clear), clear, plain));
  return concat(body, signWith(signer, concat(CONTEXT, body)));
}

/** A published frame whose signature holds. */
export interface VerifiedPublish extends PublishHeader {
  /** What it says, in msgpack; a `ProtocolError` unless `key` is the epoch's. */
  open(key: Uint8Array): Uint8Array;
}

/** Checks the master's signature before anything else is looked at; a `ProtocolError` when it does not hold. */
export function verifyPublish(frame: Uint8Array, signer: PublicKey): VerifiedPublish {
  const header = readPublishHeader(frame);
  const body = frame.subarray(0, frame.length - SIGNATURE_BYTES);
  if (!isSignedBy(signer, concat(CONTEXT, body), frame.subarray(body.length))) {
    throw new ProtocolError("Cannot accept publish: the master's signature does not hold");
  }
  return {
    ...header,
    open(key) {
      const clear = body.subarray(0, HEADER_BYTES);
      const plain = open(key, nonceOf(clear), clear, body.subarray(HEADER_BYTES));
      if (!plain) {
        throw new ProtocolError(`Cannot open publish ${header.sequence}: not sealed with epoch ${header.epoch}`);
      }
      return plain;
    },
  };
}
