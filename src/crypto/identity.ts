/**
 * Who somebody is: an X25519 pair that the handshake proves, and an Ed25519 pair that signs. Both are made on first
 * start and kept in one file that only its owner may read.
 *
 * @module
 */
import * as v from "valibot";
import { concat, utf8 } from "../core/bytes.ts";
import { type KeyPair, keyPairOf, newKeyPair, sha256 } from "../runtime/crypto.ts";
import { readTextIfThere, writePrivateFile } from "../runtime/files.ts";

/** Both key pairs of one master, minion or operator. */
export interface Identity {
  readonly agreement: KeyPair;
  readonly signing: KeyPair;
}

/** The public half, as others know it. */
export interface PublicIdentity {
  /** X25519, 32 bytes. */
  readonly agreementKey: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly signingKey: Uint8Array;
}

const keyFile = v.strictObject({ version: v.literal(1), x25519: v.string(), ed25519: v.string() });

/** A fresh identity. */
export function newIdentity(): Identity {
  return { agreement: newKeyPair("x25519"), signing: newKeyPair("ed25519") };
}

/** The public half of `identity`. */
export function publicHalf(identity: Identity): PublicIdentity {
  return { agreementKey: identity.agreement.publicKey, signingKey: identity.signing.publicKey };
}

/** The identity in the file at `path` (0600), made there on first use. */
export function openIdentity(path: string): Identity {
  const existing = findIdentity(path);
  if (existing) return existing;
  const identity = newIdentity();
  const content = {
    version: 1,
    x25519: toBase64(identity.agreement.seed),
    ed25519: toBase64(identity.signing.seed),
  };
  writePrivateFile(path, JSON.stringify(content) + "\n");
  return identity;
}

/** The identity in the file at `path`, if there is one. */
export function findIdentity(path: string): Identity | undefined {
  const text = readTextIfThere(path);
  if (text === undefined) return undefined;
  try {
    const seeds = v.parse(keyFile, JSON.parse(text));
    return {
      agreement: keyPairOf("x25519", fromBase64(seeds.x25519)),
      signing: keyPairOf("ed25519", fromBase64(seeds.ed25519)),
    };
  } catch {
    // Without the cause: its words quote the file, and the file is secret (T25).
    throw new Error(
      `Cannot read key file ${path}: it is damaged; put it back, or move it away to start with a new key`,
    );
  }
}

// Crockford's letters: nothing that a person reads wrongly aloud.
const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";

/** 160 bits over both public keys, in eight groups of four, for people to compare: `7k2m-…`. */
export function fingerprintOf(identity: PublicIdentity): string {
  const digest = sha256(utf8("brine fingerprint 1"), identity.agreementKey, identity.signingKey);
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of digest.subarray(0, 20)) {
    value = (value << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += LETTERS[(value >>> (bits - 5)) & 31];
    value &= 31;
  }
  return (text.match(/.{4}/g) ?? []).join("-");
}

/** Names a public identity in tables and tickets: 32 bytes. */
export function keyIdOf(identity: PublicIdentity): Uint8Array {
  return sha256(utf8("brine key id 1"), identity.agreementKey, identity.signingKey);
}

/** Both public keys in one string, for the file that pins a master. */
export function formatPublicIdentity(identity: PublicIdentity): string {
  return toBase64(concat(identity.agreementKey, identity.signingKey));
}

/** Reads {@link formatPublicIdentity}. */
export function parsePublicIdentity(text: string): PublicIdentity {
  let bytes: Uint8Array;
  try {
    bytes = fromBase64(text.trim());
  } catch (cause) {
    throw new Error("Cannot read public key: it is no base64", { cause });
  }
  if (bytes.length !== 64) throw new Error(`Cannot read public key: ${bytes.length} bytes, not 64`);
  return { agreementKey: bytes.slice(0, 32), signingKey: bytes.slice(32) };
}

/** Standard base64, with padding. For keys: a call takes only so many arguments. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Reads standard base64. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
