/**
 * Returns that the master has not acknowledged yet, on disk: one file a return, head and body. It is there before the
 * return is sent, and goes when the master says that it has committed it.
 *
 *     4 bytes   length of the head
 *     head      msgpack: everything but the body
 *     body      msgpack of what the function returned
 *
 * @module
 */
import * as v from "valibot";
import { concat } from "../core/bytes.ts";
import { isJid, type Jid } from "../core/jid.ts";
import { sha256 } from "../runtime/crypto.ts";
import {
  beneath,
  listDirectory,
  makePrivateDirectory,
  readFileIfThere,
  readFilePart,
  removePath,
  writePrivateFile,
} from "../runtime/files.ts";
import { decode, encode } from "../wire/codec.ts";
import * as f from "../wire/fields.ts";

const head = v.object({
  jid: f.jid,
  retcode: v.number(),
  success: v.boolean(),
  startedAt: f.milliseconds,
  durationMs: f.milliseconds,
  sizeBytes: f.natural,
  hash: f.bytesOf(32),
});

/** A return without its body. */
export type SpooledHead = v.InferOutput<typeof head>;

const LENGTH_BYTES = 4;

/** The returns that wait. */
export class Spool {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    makePrivateDirectory(directory);
    for (const name of listDirectory(directory)) if (!isJid(name)) removePath(beneath(directory, name));
  }

  /** Keeps a return; it is on disk when this returns. */
  put(outcome: Omit<SpooledHead, "sizeBytes" | "hash">, body: Uint8Array): SpooledHead {
    const whole: SpooledHead = { ...outcome, sizeBytes: body.length, hash: this.hash(body) };
    const encoded = encode(whole);
    const length = new Uint8Array(LENGTH_BYTES);
    new DataView(length.buffer).setUint32(0, encoded.length);
    writePrivateFile(this.#pathOf(outcome.jid), concat(length, encoded, body), { isFlushed: false });
    return whole;
  }

  /** Jobs whose returns wait, oldest first. */
  waiting(): Jid[] {
    return listDirectory(this.#directory).filter(isJid);
  }

  /** A waiting return's head; undefined when it has gone. Throws when a power failure left only a part of it. */
  head(jid: Jid): SpooledHead | undefined {
    const path = this.#pathOf(jid);
    const start = readFilePart(path, 0, 1_024);
    if (!start) return undefined;
    if (start.length < LENGTH_BYTES) throw new Error(`Cannot read the return of ${jid}: it was cut off`);
    const bodyStart = LENGTH_BYTES + headBytes(start);
    const found = v.parse(head, decode(start.subarray(LENGTH_BYTES, bodyStart)));
    const end = readFilePart(path, bodyStart + found.sizeBytes - 1, 2);
    if (end?.length !== 1) throw new Error(`Cannot read the return of ${jid}: it was cut off`);
    return found;
  }

  /** A whole body. */
  body(jid: Jid): Uint8Array | undefined {
    const whole = readFileIfThere(this.#pathOf(jid));
    return whole?.subarray(LENGTH_BYTES + headBytes(whole));
  }

  /** A piece of a body, without reading the rest. */
  bodyPart(jid: Jid, offset: number, maxBytes: number): Uint8Array | undefined {
    const path = this.#pathOf(jid);
    const start = readFilePart(path, 0, LENGTH_BYTES);
    return start && readFilePart(path, LENGTH_BYTES + headBytes(start) + offset, maxBytes);
  }

  /** The hash that a body is announced with. */
  hash(body: Uint8Array): Uint8Array {
    return sha256(body);
  }

  /** The master has it. */
  forget(jid: Jid): void {
    removePath(this.#pathOf(jid));
  }

  #pathOf(jid: Jid): string {
    return beneath(this.#directory, jid);
  }
}

function headBytes(file: Uint8Array): number {
  return new DataView(file.buffer, file.byteOffset, file.byteLength).getUint32(0);
}
