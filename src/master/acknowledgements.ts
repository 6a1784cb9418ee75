/**
 * Telling minions that their returns are committed: a moment later, and several at once. A minion does not wait for
 * it, and while a job is under way its core has better things to do than to wake up for this.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import type { Jid } from "../core/jid.ts";
import type { PeerNumber } from "./link.ts";

/** Below anything that a person or a disk notices, above the time in which a fleet answers. */
const DELAY_MS = 100;

/** Collects acknowledgements. One that is lost is harmless: the minion announces its return again. */
export class Acknowledgements implements Disposable {
  readonly #clock: Clock;
  readonly #tell: (peer: PeerNumber, jids: Jid[]) => void;
  readonly #waiting = new Map<PeerNumber, Jid[]>();
  #timer: Disposable | undefined;

  /** `tell` sends what has collected for one connection. */
  constructor(clock: Clock, tell: (peer: PeerNumber, jids: Jid[]) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The return to `jid` that came over this connection is committed. */
  add(peer: PeerNumber, jid: Jid): void {
    const jids = this.#waiting.get(peer);
    if (jids) jids.push(jid);
    else this.#waiting.set(peer, [jid]);
    this.#timer ??= this.#clock.after(DELAY_MS, () => this.#flush());
  }

  /** What waits is told now. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    for (const [peer, jids] of this.#waiting) this.#tell(peer, jids);
    this.#waiting.clear();
  }
}
