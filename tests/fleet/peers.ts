/**
 * Peers that do what no honest one does: they speak the real protocol with real keys, and say what they like.
 *
 * @module
 */
import { ClientChannel, type Loss } from "../../src/channel/client_channel.ts";
import type { Role } from "../../src/channel/handshake.ts";
import { type Identity, newIdentity, type PublicIdentity } from "../../src/crypto/identity.ts";
import type { Frame, Subscriber } from "../../src/transport/transport.ts";
import { encode } from "../../src/wire/codec.ts";
import { type FromMinion, readToMinion, type ToMinion } from "../../src/wire/minion_messages.ts";
import { JOB_TOPIC } from "../../src/wire/publish.ts";
import type { Fleet } from "../kit/fleet.ts";
import { until } from "../kit/until.ts";

/** How a raw peer logs in. */
export interface RawPeerOptions {
  readonly id: string;
  readonly role?: Role;
  readonly identity?: Identity;
  readonly token?: string;
}

/** A session with the master that sends whatever it is told. */
export class RawPeer implements AsyncDisposable {
  readonly identity: Identity;
  /** Opened, as bytes. */
  readonly received: Uint8Array[] = [];
  readonly losses: Loss[] = [];
  isOpen = false;
  readonly #channel: ClientChannel;

  constructor(fleet: Fleet, { id, role = "minion", identity = newIdentity(), token }: RawPeerOptions) {
    this.identity = identity;
    this.#channel = new ClientChannel({
      transport: fleet.transportFrom("10.9.9.9"),
      clock: fleet.clock,
      url: `ws://${fleet.address}`,
      hello: { role, id, identity, ...(token === undefined ? {} : { token }) },
      checkMaster: (_master: PublicIdentity) => {},
      reconnect: false,
      heartbeatMs: 60_000,
      onOpen: () => this.isOpen = true,
      onMessage: (message) => {
        this.received.push(message.slice());
        // Only a minion that has said what it is counts as up.
        if (role === "minion" && readToMinion(message).kind === "welcome") {
          this.send({ kind: "ready", id, version: "0", grains: {} });
        }
      },
      onLost: (loss) => {
        this.isOpen = false;
        this.losses.push(loss);
      },
    });
  }

  /** What a minion was told. */
  get messages(): ToMinion[] {
    return this.received.map((bytes) => readToMinion(bytes));
  }

  send(message: FromMinion | Readonly<Record<string, unknown>>): void {
    this.sendBytes(encode(message));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#channel.send(bytes);
  }

  async told<K extends ToMinion["kind"]>(kind: K): Promise<Extract<ToMinion, { kind: K }>> {
    const isOne = (message: ToMinion): message is Extract<ToMinion, { kind: K }> => message.kind === kind;
    return await until(`a message "${kind}"`, () => this.messages.find(isOne));
  }

  async ended(): Promise<Loss> {
    return await until("the end of the connection", () => this.losses[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel[Symbol.asyncDispose]();
  }
}

/** A minion of one's own making whose key is accepted and that has been welcomed. */
export async function acceptedPeer(fleet: Fleet, id: string): Promise<RawPeer> {
  await using brine = await fleet.client();
  const peer = new RawPeer(fleet, { id, token: await brine.makeToken({ ttlMs: 60_000 }) });
  await peer.told("welcome");
  return peer;
}

/** A connection to 4505 that shows a ticket and asks for jobs. */
export class RawSubscriber implements AsyncDisposable {
  readonly frames: Uint8Array[] = [];
  isConnected = false;
  endReason: string | undefined;
  readonly #subscriber: Subscriber;
  readonly #done: Promise<void>;

  constructor(fleet: Fleet, port: number, topics: readonly Uint8Array[], address = "10.9.9.9") {
    const host = fleet.address.split(":")[0];
    this.#subscriber = fleet.transportFrom(address).openSubscriber({
      url: `ws://${host}:${port}`,
      reconnect: false,
      onConnect: () => this.isConnected = true,
      onDisconnect: (reason) => this.endReason = reason,
    });
    for (const topic of topics) this.#subscriber.subscribe(topic);
    this.#done = this.#collect(this.#subscriber);
  }

  static withTicket(fleet: Fleet, { publishPort, ticket }: Extract<ToMinion, { kind: "welcome" }>): RawSubscriber {
    return new RawSubscriber(fleet, publishPort, [ticket, JOB_TOPIC]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#subscriber[Symbol.asyncDispose]();
    await this.#done;
  }

  async #collect(subscriber: AsyncIterable<readonly Frame[]>): Promise<void> {
    for await (const [frame] of subscriber) if (frame) this.frames.push(frame);
  }
}
