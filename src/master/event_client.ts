/**
 * A client on 4506 that hears events: in batches, one message a tick, each well below the frame limit.
 *
 * @module
 */
import { soon } from "../runtime/soon.ts";
import { encode } from "../wire/codec.ts";
import { type BusEvent, encodeOperatorMessage } from "../wire/operator_messages.ts";
import type { Listener } from "./event_subscriptions.ts";

/** Events that may wait for the next tick; beyond this they are dropped and counted. */
const MAX_WAITING = 65_536;

/** Bytes of them. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** A message is closed when its events reach this. */
const MESSAGE_BYTES = 512 * 1024;

/** Collects events until the next tick. */
export class EventClient implements Listener {
  #waiting: { event: BusEvent; sizeBytes: number }[] = [];
  #waitingBytes = 0;
  #missed = 0;
  readonly #send: (message: Uint8Array) => void;

  constructor(send: (message: Uint8Array) => void) {
    this.#send = send;
  }

  take(event: BusEvent): void {
    const sizeBytes = sizeOf(event);
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes + sizeBytes > MAX_WAITING_BYTES) {
      this.#missed++;
      return;
    }
    this.#waiting.push({ event, sizeBytes });
    this.#waitingBytes += sizeBytes;
    if (this.#waiting.length === 1) soon(() => this.#flush());
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    let events: BusEvent[] = [];
    let messageBytes = 0;
    for (const { event, sizeBytes } of waiting) {
      events.push(event);
      messageBytes += sizeBytes;
      if (messageBytes < MESSAGE_BYTES) continue;
      this.#tell(events, 0);
      events = [];
      messageBytes = 0;
    }
    // What was dropped would have come after the others.
    if (events.length > 0) this.#tell(events, 0);
    if (this.#missed > 0) this.#tell([], this.#missed);
    this.#missed = 0;
  }

  #tell(events: BusEvent[], missed: number): void {
    this.#send(encodeOperatorMessage({ kind: "events", missed, events }));
  }
}

/** About how many bytes an event takes. Job events are the many: theirs is counted without encoding it. */
function sizeOf({ tag, data }: BusEvent): number {
  if (!tag.startsWith("brine/job/")) return 64 + tag.length + encode(data).length;
  const body = data["body"];
  return 256 + tag.length + (body instanceof Uint8Array ? body.length : 0);
}
