/**
 * Somebody on a minion's line: hears every frame, changes what it likes, and sends frames of its own.
 *
 * @module
 */
import { Inbox } from "../../src/transport/inbox.ts";
import type { Dealer, Frame, Subscriber, Transport } from "../../src/transport/transport.ts";

/** Changes a frame; `undefined` drops it. */
type Change = (frame: Frame) => Frame | undefined;

const same: Change = (frame) => frame;

/** A tap on one minion's transport; see `MinionOptions.wrap`. */
export class Tap {
  /** Every frame that came on 4505, as it came. */
  readonly published: Frame[] = [];
  /** Every frame that came on 4506. */
  readonly received: Frame[] = [];
  /** Every frame that went out on 4506. */
  readonly sent: Frame[] = [];
  onPublished = same;
  onReceived = same;
  onSent = same;
  #publishedInbox: Inbox<readonly Frame[]> | undefined;
  #dealer: Dealer | undefined;

  readonly wrap = (transport: Transport): Transport => ({
    openPublisher: (options) => transport.openPublisher(options),
    openRouter: (options) => transport.openRouter(options),
    openSubscriber: (options) => this.#tapSubscriber(transport.openSubscriber(options)),
    openDealer: (options) => this.#tapDealer(transport.openDealer(options)),
  });

  /** A frame on 4505, as if the master had published it. */
  publish(frame: Frame): void {
    this.#publishedInbox?.offer([frame]);
  }

  /** A frame on 4506, as if the minion had sent it. */
  send(frame: Frame): void {
    this.#dealer?.send([frame]);
  }

  #tapSubscriber(real: Subscriber): Subscriber {
    const inbox = new Inbox<readonly Frame[]>(1_000);
    this.#publishedInbox = inbox;
    const done = pump(real, inbox, (frame) => {
      this.published.push(frame.slice());
      return this.onPublished(frame);
    });
    return {
      get isConnected() {
        return real.isConnected;
      },
      drop: (reason) => real.drop(reason),
      subscribe: (topic) => real.subscribe(topic),
      unsubscribe: (topic) => real.unsubscribe(topic),
      [Symbol.asyncIterator]: () => inbox[Symbol.asyncIterator](),
      async [Symbol.asyncDispose]() {
        await real[Symbol.asyncDispose]();
        await done;
      },
    };
  }

  #tapDealer(real: Dealer): Dealer {
    this.#dealer = real;
    const inbox = new Inbox<readonly Frame[]>(1_000);
    const done = pump(real, inbox, (frame) => {
      this.received.push(frame.slice());
      return this.onReceived(frame);
    });
    return {
      get isConnected() {
        return real.isConnected;
      },
      drop: (reason) => real.drop(reason),
      send: ([frame = new Uint8Array(0)]) => {
        this.sent.push(frame.slice());
        const changed = this.onSent(frame);
        return changed === undefined || real.send([changed]);
      },
      [Symbol.asyncIterator]: () => inbox[Symbol.asyncIterator](),
      async [Symbol.asyncDispose]() {
        await real[Symbol.asyncDispose]();
        await done;
      },
    };
  }
}

async function pump(from: AsyncIterable<readonly Frame[]>, to: Inbox<readonly Frame[]>, change: Change): Promise<void> {
  for await (const [frame] of from) {
    const changed = frame && change(frame);
    if (changed) to.offer([changed]);
  }
  to.end();
}

/** A copy with one bit changed, counted from the front; negative: from the back. */
export function flipBit(frame: Frame, bit: number): Frame {
  const copy = frame.slice();
  const at = bit < 0 ? copy.length * 8 + bit : bit;
  const index = at >> 3;
  copy[index] = (copy[index] ?? 0) ^ (1 << (at & 7));
  return copy;
}
