/**
 * The other end of a `ClientChannel`, in memory: a ROUTER that shakes hands and answers heartbeats, and whose paths and
 * clock a test moves by hand.
 *
 * @module
 */
import { ClientChannel, type ClientChannelOptions, type Loss } from "../../src/channel/client_channel.ts";
import { type Authenticated, MasterHandshake } from "../../src/channel/handshake.ts";
import { Session } from "../../src/channel/session.ts";
import { textOf } from "../../src/core/bytes.ts";
import { MemoryNetwork, memoryTransport } from "../../src/transport/memory.ts";
import type { Peer, Router } from "../../src/transport/transport.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { master, web01 } from "./kit.ts";

export const HEARTBEAT_MS = 1_000;
export const MASTER = "10.0.0.1";

/** Lets every microtask run, and what they start. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setTimeout(resolve, 0));
}

export class StubMaster implements AsyncDisposable {
  readonly clock: ManualClock;
  /** Who has shaken hands, in order. */
  readonly guests: Authenticated[] = [];
  /** What was opened: "" is a heartbeat. */
  readonly received: string[] = [];
  /** Frames as they came. */
  readonly frames: Uint8Array[] = [];
  /** Changes what goes out; undefined keeps it back. */
  tamper: (frame: Uint8Array) => Uint8Array | undefined = (frame) => frame;
  answersBeats = true;
  #session: Session | undefined;
  #handshake = new MasterHandshake(master);
  #peer: Peer | undefined;
  readonly #router: Router;
  readonly #done: Promise<void>;

  private constructor(clock: ManualClock, router: Router) {
    this.clock = clock;
    this.#router = router;
    this.#done = this.#receive();
  }

  static async open(network: MemoryNetwork, clock: ManualClock): Promise<StubMaster> {
    const router = await memoryTransport(network, { address: MASTER }).openRouter({ hostname: MASTER, port: 4506 });
    return new StubMaster(clock, router);
  }

  /** Seals and sends to the newest peer. */
  say(text: string): void {
    if (this.#session) this.#send(this.#session.seal(new TextEncoder().encode(text)));
  }

  /** Sends bytes as they are. */
  sayRaw(frame: Uint8Array): void {
    if (this.#peer) this.#router.send(this.#peer, [frame]);
  }

  hangUp(): void {
    if (this.#peer) this.#router.disconnect(this.#peer, "the test hangs up");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#router[Symbol.asyncDispose]();
    await this.#done;
  }

  async #receive(): Promise<void> {
    for await (const [peer, frame] of this.#router) {
      if (frame) this.#take(peer, frame);
    }
  }

  #take(peer: Peer, frame: Uint8Array): void {
    this.frames.push(frame);
    if (peer !== this.#peer) {
      this.#peer = peer;
      this.#session = undefined;
      this.#handshake = new MasterHandshake(master);
      return this.#send(this.#handshake.start(frame, this.clock.now()));
    }
    if (!this.#session) {
      const guest = this.#handshake.finish(frame);
      this.guests.push(guest);
      this.#session = new Session(guest.split);
      return this.#router.admit(peer);
    }
    const text = textOf(this.#session.open(frame));
    this.received.push(text);
    if (text === "" && this.answersBeats) this.say("");
  }

  #send(frame: Uint8Array): void {
    const sent = this.tamper(frame);
    if (sent) this.sayRaw(sent);
  }
}

/** A master, a channel to it, and everything that the channel said. */
export class Scene implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork({ clock: this.clock, random: () => 0.5 });
  readonly losses: Loss[] = [];
  readonly messages: string[] = [];
  opened = 0;
  #master: StubMaster | undefined;
  #channel: ClientChannel | undefined;

  get master(): StubMaster {
    if (!this.#master) throw new Error("There is no master yet");
    return this.#master;
  }

  async startMaster(): Promise<StubMaster> {
    return this.#master = await StubMaster.open(this.network, this.clock);
  }

  async stopMaster(): Promise<void> {
    await this.#master?.[Symbol.asyncDispose]();
    this.#master = undefined;
  }

  open(options: Partial<ClientChannelOptions> = {}): ClientChannel {
    return this.#channel = new ClientChannel({
      transport: memoryTransport(this.network, { address: "10.0.0.2" }),
      clock: this.clock,
      url: `ws://${MASTER}:4506`,
      hello: web01,
      checkMaster: () => {},
      reconnect: { firstMs: 100, maxMs: 1_000 },
      heartbeatMs: HEARTBEAT_MS,
      onOpen: () => void this.opened++,
      onMessage: (message) => void this.messages.push(textOf(message)),
      onLost: (loss) => void this.losses.push(loss),
      ...options,
    });
  }

  /** Moves time on in small steps, so that what timers start also happens in its time. */
  async advance(byMs: number, stepMs = 100): Promise<void> {
    for (let leftMs = byMs; leftMs > 0; leftMs -= stepMs) {
      this.clock.advance(Math.min(stepMs, leftMs));
      await settle();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel?.[Symbol.asyncDispose]();
    await this.stopMaster();
  }
}
