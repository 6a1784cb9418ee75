/**
 * What the master publishes to all minions on 4505: sealed once with the epoch's key, signed once, checked by
 * everyone before they look.
 *
 *     offset  bytes
 *     0       3     topic "job", what a SUB socket subscribes to
 *     3       1     WIRE_VERSION
 *     4       4     epoch number
 *     8       8     sequence number in the epoch, from 1; also the nonce
 *     16      n     AES-256-GCM of the msgpack below, 16 bytes of tag included; bytes 0–15 are associated data
 *     16+n    64    Ed25519 signature of the master over bytes 0 … 15+n, behind the context "brine publish 1"
 *
 * @module
 */
import * as v from "valibot";
import { sameBytes, utf8 } from "../core/bytes.ts";
import { ProtocolError } from "../core/errors.ts";
import { encode, messageReader } from "./codec.ts";
import * as f from "./fields.ts";
import { WIRE_VERSION } from "./version.ts";

/** The topic, and the first three bytes of each frame. */
export const JOB_TOPIC: Uint8Array = utf8("job");

/** Bytes before the sealed part. */
export const HEADER_BYTES = 16;

/** Bytes of the signature behind it. */
export const SIGNATURE_BYTES = 64;

const published = {
  /** Run this, if you are meant. */
  job: v.strictObject({
    kind: v.literal("job"),
    jid: f.jid,
    target: f.target,
    ...f.call,
    operator: f.id,
    createdAt: f.milliseconds,
    /** Do not start it after this moment (T10). */
    expiresAt: f.milliseconds,
  }),
  /** Nothing to do: the path is alive, and this is how far the numbers have come. */
  beat: v.strictObject({ kind: v.literal("beat"), at: f.milliseconds }),
};

/** A published message. */
export type Published = { [K in keyof typeof published]: v.InferOutput<(typeof published)[K]> }[keyof typeof published];

/** A published job. */
export type Job = Extract<Published, { kind: "job" }>;

/** Reads the opened part of a publish. */
export const readPublished: (bytes: Uint8Array) => Published = messageReader("publish", published);

/** msgpack of a publish, to be sealed. */
export function encodePublished(message: Published): Uint8Array {
  return encode(message);
}

/** What stands in clear before the sealed part. */
export interface PublishHeader {
  readonly epoch: number;
  readonly sequence: number;
}

/** The 16 bytes in front. */
export function encodePublishHeader({ epoch, sequence }: PublishHeader): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(JOB_TOPIC);
  const view = new DataView(header.buffer);
  view.setUint8(3, WIRE_VERSION);
  view.setUint32(4, epoch);
  view.setBigUint64(8, BigInt(sequence));
  return header;
}

/** Reads the 16 bytes in front of a publish. */
export function readPublishHeader(frame: Uint8Array): PublishHeader {
  if (frame.length < HEADER_BYTES + SIGNATURE_BYTES) {
    throw new ProtocolError(`Cannot read publish: ${frame.length} bytes are too few`);
  }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (!sameBytes(frame.subarray(0, 3), JOB_TOPIC)) {
    throw new ProtocolError("Cannot read publish: its topic is not ours");
  }
  const version = view.getUint8(3);
  if (version !== WIRE_VERSION) throw new ProtocolError(`Cannot read publish: version ${version}, not ${WIRE_VERSION}`);
  const sequence = Number(view.getBigUint64(8));
  if (!Number.isSafeInteger(sequence)) throw new ProtocolError("Cannot read publish: its number is out of range");
  return { epoch: view.getUint32(4), sequence };
}
