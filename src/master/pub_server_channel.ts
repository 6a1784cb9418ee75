/**
 * ZeroMQPubServerChannel: the PUB socket on 4505. It numbers, seals and signs what the workers publish, once for all
 * minions together, and lets nobody subscribe without a ticket.
 *
 * @module
 */
import { sameBytes } from "../core/bytes.ts";
import { sealPublish } from "../crypto/publish_seal.ts";
import { openIdentity } from "../crypto/identity.ts";
import { readTicket } from "../crypto/ticket.ts";
import { randomBytes } from "../runtime/crypto.ts";
import type { Peer, Publisher } from "../transport/transport.ts";
import type { Epoch } from "../wire/minion_messages.ts";
import { encodePublished, JOB_TOPIC } from "../wire/publish.ts";
import type { ToPublisher } from "./link.ts";
import { type RoleContext, untilAborted } from "./role.ts";

/** Between a new epoch's key going out on 4506 and its first use on 4505. */
const EPOCH_OVERLAP_MS = 1_000;

/** How often minions hear that the path is alive; also the heartbeat on 4506. */
export const HEARTBEAT_MS = 10_000;

/** The epoch in use, the one that comes next, and the numbers of what was published. */
class Epochs {
  #current: Epoch;
  #next: Epoch | undefined;
  #sequence = 0;

  constructor(firstNumber: number) {
    this.#current = { number: firstNumber, key: randomBytes(32) };
  }

  /** What minions must hold now. */
  get held(): Epoch[] {
    return this.#next ? [this.#current, this.#next] : [this.#current];
  }

  /** Prepares the next epoch; false when one is prepared already. */
  prepare(): boolean {
    if (this.#next) return false;
    this.#next = { number: this.#current.number + 1, key: randomBytes(32) };
    return true;
  }

  /** Begins the prepared epoch. */
  begin(): void {
    if (!this.#next) return;
    this.#current = this.#next;
    this.#next = undefined;
    this.#sequence = 0;
  }

  /** The next number, and the epoch to seal it with. */
  take(): { epoch: Epoch; sequence: number } {
    return { epoch: this.#current, sequence: ++this.#sequence };
  }
}

/** Runs the publisher until the context's signal. */
export async function runPubServerChannel(context: RoleContext): Promise<void> {
  const { config, clock, exchange, log, signal, transport } = context;
  const { signing } = openIdentity(config.paths.masterKey);
  let ticketKey = randomBytes(32);
  // Seconds since 2020: later than every epoch of an earlier run of this master.
  const epochs = new Epochs(Math.floor((clock.now() - Date.UTC(2020, 0, 1)) / 1000));
  const admitted = new Map<number, { peer: Peer; keyId: Uint8Array; isHearing: boolean }>();
  using queue = exchange.connect("MWorkerQueue", () => {});
  using events = exchange.connect("EventPublisher", () => {});

  const gate = (peer: Peer, topic: Uint8Array): "subscribe" | "consume" | "refuse" => {
    const entry = admitted.get(peer.number);
    if (!entry) {
      const ticket = readTicket(ticketKey, topic, clock.now());
      if (!ticket) return "refuse";
      admitted.set(peer.number, { peer, keyId: ticket.keyId, isHearing: false });
      publisher.admit(peer);
      return "consume";
    }
    if (!sameBytes(topic, JOB_TOPIC) || entry.isHearing) return "refuse";
    entry.isHearing = true;
    queue.send({ kind: "hearing", keyId: entry.keyId, isHearing: true });
    const stop = () => {
      admitted.delete(peer.number);
      queue.send({ kind: "hearing", keyId: entry.keyId, isHearing: false });
    };
    peer.closed.addEventListener("abort", stop, { once: true });
    return "subscribe";
  };
  await using publisher: Publisher = await transport.openPublisher({
    hostname: config.interface,
    port: config.publishPort,
    gate,
    onReport: ({ address, reason }) => {
      log.warning(`${address}: ${reason}`);
      events.send({ kind: "emit", tag: "brine/publisher/dropped", data: { address, reason } });
    },
  });

  const tellEpochs = () => {
    queue.send({ kind: "publishing", publishPort: publisher.port, epochs: epochs.held, ticketKey });
  };
  const publish = (plain: Uint8Array) => {
    const { epoch, sequence } = epochs.take();
    publisher.send([sealPublish({ epoch: epoch.number, sequence }, epoch.key, plain, signing)]);
  };
  let overlap: Disposable | undefined;
  const rotate = () => {
    if (!epochs.prepare()) return;
    tellEpochs();
    overlap = clock.after(EPOCH_OVERLAP_MS, () => {
      epochs.begin();
      tellEpochs();
      log.info(`epoch ${epochs.held[0]?.number} begins`);
    });
  };
  const expel = (keyId: Uint8Array) => {
    ticketKey = randomBytes(32); // whoever must come back asks for a new ticket over its live session
    for (const entry of admitted.values()) {
      if (sameBytes(entry.keyId, keyId)) publisher.disconnect(entry.peer, "its key was deleted or rejected");
    }
    tellEpochs();
    rotate();
  };
  const receive = (message: ToPublisher) => {
    if (message.kind === "publish") publish(message.plain);
    else if (message.kind === "expel") expel(message.keyId);
    else rotate();
  };
  using _hub = exchange.serve("ZeroMQPubServerChannel", () => ({ receive, closed: () => {} }));
  using _beat = clock.every(HEARTBEAT_MS, () => publish(encodePublished({ kind: "beat", at: clock.now() })));
  tellEpochs();
  log.info(`publishing on ${publisher.hostname}:${publisher.port}`);
  context.ready();
  await untilAborted(signal);
  overlap?.[Symbol.dispose]();
}
