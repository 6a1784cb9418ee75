/**
 * Published frames in, jobs out: the signature first, then the epoch's key, then the number, then what it says. A
 * frame that fails any of these is dropped and reported, and nothing else happens.
 *
 * @module
 */
import { sameBytes } from "../core/bytes.ts";
import { ProtocolError, reasonOf } from "../core/errors.ts";
import { type VerifiedPublish, verifyPublish } from "../crypto/publish_seal.ts";
import type { PublicKey } from "../runtime/crypto.ts";
import type { Epoch } from "../wire/minion_messages.ts";
import { type Job, readPublished } from "../wire/publish.ts";

/** Frames of an epoch whose key is still on its way; beyond this the oldest is dropped. */
const MAX_HELD = 64;

const NO_KEY = new Uint8Array(0);

/** What comes out. */
export interface PublishListener {
  onJob(job: Job): void;
  /** A frame was dropped. */
  onRefused(reason: string): void;
  /** Numbers were left out: so many publishes did not arrive. */
  onGap(missing: number): void;
}

/** Judges what arrives on 4505. */
export class PublishReader {
  readonly #listener: PublishListener;
  readonly #signer: PublicKey;
  #epochs = new Map<number, Epoch>();
  /** The last number seen in each epoch; undefined until the first. */
  #lastSequence = new Map<number, number>();
  #held: VerifiedPublish[] = [];

  constructor(signer: PublicKey, listener: PublishListener) {
    this.#signer = signer;
    this.#listener = listener;
  }

  /** The keys to hold from now on. */
  setEpochs(epochs: readonly Epoch[]): void {
    const before = this.#epochs;
    this.#epochs = new Map(epochs.map((epoch) => [epoch.number, epoch]));
    // A master that was started twice in one second numbers another epoch alike: its key tells them apart.
    const isSame = ({ number, key }: Epoch) => sameBytes(before.get(number)?.key ?? NO_KEY, key);
    const kept = new Set(epochs.filter(isSame).map(({ number }) => number));
    this.#lastSequence = new Map([...this.#lastSequence].filter(([number]) => kept.has(number)));
    const held = this.#held;
    this.#held = [];
    for (const publish of held) this.#guard(() => this.#open(publish));
  }

  /** Takes one frame. Never throws. */
  take(frame: Uint8Array): void {
    this.#guard(() => this.#open(verifyPublish(frame, this.#signer)));
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#listener.onRefused(reasonOf(thrown));
    }
  }

  #open(publish: VerifiedPublish): void {
    const epoch = this.#epochs.get(publish.epoch);
    if (!epoch) {
      const newest = Math.max(0, ...this.#epochs.keys());
      if (publish.epoch < newest) throw new ProtocolError(`Cannot open publish: epoch ${publish.epoch} is over`);
      this.#held.push(publish);
      if (this.#held.length > MAX_HELD) this.#held.shift();
      return;
    }
    const message = readPublished(publish.open(epoch.key));
    this.#count(publish);
    if (message.kind === "job") this.#listener.onJob(message);
  }

  #count({ epoch, sequence }: VerifiedPublish): void {
    const last = this.#lastSequence.get(epoch);
    if (last !== undefined && sequence <= last) {
      throw new ProtocolError(`Cannot accept publish ${sequence} of epoch ${epoch}: ${last} was seen already`);
    }
    if (last !== undefined && sequence > last + 1) this.#listener.onGap(sequence - last - 1);
    this.#lastSequence.set(epoch, sequence);
  }
}
