/**
 * What a minion and the master say to each other on 4506 once the handshake is over.
 *
 * Every message of a minion bears its `id`, and the master refuses one that differs from the connection's (T1).
 *
 * @module
 */
import * as v from "valibot";
import { encode, messageReader } from "./codec.ts";
import * as f from "./fields.ts";

/** Bytes of one piece of a large return. */
export const CHUNK_BYTES = 512 * 1024;

/** Returns up to this size travel inside the message; larger ones in chunks. */
export const INLINE_BODY_BYTES = 256 * 1024;

const fromMinion = {
  /** After each welcome: who is there. */
  ready: v.strictObject({
    kind: v.literal("ready"),
    id: f.id,
    version: f.shortText,
    grains: f.anyMap,
  }),
  /** These jobs arrived and run; left out for a job whose return came first. */
  running: v.strictObject({ kind: v.literal("running"), id: f.id, jids: v.pipe(v.array(f.jid), v.maxLength(4_096)) }),
  /** What a job gave. The body is msgpack that the master never opens. */
  return: v.strictObject({
    kind: v.literal("return"),
    id: f.id,
    jid: f.jid,
    retcode: v.pipe(v.number(), v.safeInteger()),
    success: v.boolean(),
    startedAt: f.milliseconds,
    durationMs: f.milliseconds,
    sizeBytes: f.natural,
    /** SHA-256 of the body. */
    hash: f.bytesOf(32),
    /** Absent when it is larger than INLINE_BODY_BYTES: the master then asks for it. */
    body: v.exactOptional(v.pipe(f.bytes, v.maxLength(INLINE_BODY_BYTES))),
  }),
  /** A piece of a large body, in answer to `want`. */
  chunk: v.strictObject({
    kind: v.literal("chunk"),
    id: f.id,
    jid: f.jid,
    offset: f.natural,
    data: v.pipe(f.bytes, v.maxLength(CHUNK_BYTES)),
  }),
  /** Something happened on the minion; the master files it under `brine/minion/<id>/` (T20). */
  event: v.strictObject({ kind: v.literal("event"), id: f.id, tag: f.tag, data: f.anyMap }),
  /** The ticket for 4505 has run out: a new welcome, please. */
  ticket: v.strictObject({ kind: v.literal("ticket"), id: f.id }),
};

/** A message of a minion. */
export type FromMinion = { [K in keyof typeof fromMinion]: v.InferOutput<(typeof fromMinion)[K]> }[
  keyof typeof fromMinion
];

/** Its kinds, for tables that the compiler completes. */
export type FromMinionKind = FromMinion["kind"];

/** The kinds at run time, for the tests that go through all of them. */
export const FROM_MINION_KINDS = Object.keys(fromMinion) as readonly FromMinionKind[];

/** Reads a minion's message; `ProtocolError` for everything else. */
export const readFromMinion: (bytes: Uint8Array) => FromMinion = messageReader("minion's message", fromMinion);

/** One generation of the publish key. */
export const epoch = v.strictObject({
  number: f.natural,
  /** AES-256 key, secret. */
  key: f.bytesOf(32),
});

const toMinion = {
  /** The key waits for `brine key accept`. The connection stays, so that acceptance takes effect at once. */
  pending: v.strictObject({ kind: v.literal("pending") }),
  /** The key was refused. */
  rejected: v.strictObject({ kind: v.literal("rejected"), reason: f.shortText }),
  /** Accepted: how to hear jobs. */
  welcome: v.strictObject({
    kind: v.literal("welcome"),
    publishPort: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
    ticket: v.pipe(f.bytes, v.maxLength(64)),
    epochs: v.pipe(v.array(epoch), v.maxLength(4)),
    heartbeatMs: f.milliseconds,
  }),
  /** Keys to hold from now on, before the newest is first used; others are forgotten. */
  epochs: v.strictObject({ kind: v.literal("epochs"), epochs: v.pipe(v.array(epoch), v.maxLength(4)) }),
  /** Send the body of this job's return from this offset on. */
  want: v.strictObject({ kind: v.literal("want"), jid: f.jid, offset: f.natural }),
  /** These returns are committed: forget them. */
  stored: v.strictObject({ kind: v.literal("stored"), jids: v.pipe(v.array(f.jid), v.maxLength(65_536)) }),
  /** Kill this job's process groups. */
  kill: v.strictObject({ kind: v.literal("kill"), jid: f.jid }),
};

/** A message to a minion. */
export type ToMinion = { [K in keyof typeof toMinion]: v.InferOutput<(typeof toMinion)[K]> }[keyof typeof toMinion];

/** One generation of the publish key. */
export type Epoch = v.InferOutput<typeof epoch>;

/** The kinds at run time. */
export const TO_MINION_KINDS = Object.keys(toMinion) as readonly ToMinion["kind"][];

/** Reads a message of the master. */
export const readToMinion: (bytes: Uint8Array) => ToMinion = messageReader("master's message", toMinion);

/** Writes a message in either direction. */
export function encodeMinionMessage(message: FromMinion | ToMinion): Uint8Array {
  return encode(message);
}
