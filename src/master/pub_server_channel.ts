/**
 * ZeroMQPubServerChannel: the PUB socket on 4505. It numbers, seals and signs what the workers publish, once for all
 * minions together, and lets nobody subscribe without a ticket.
 *
 * @module
 */
import { sealPublish } from "../crypto/publish_seal.ts";
import { openIdentity } from "../crypto/identity.ts";
import { randomBytes } from "../runtime/crypto.ts";
import { compileEagerly } from "../runtime/jit.ts";
import type { Publisher } from "../transport/transport.ts";
import type { Epoch } from "../wire/minion_messages.ts";
import { encodePublished } from "../wire/publish.ts";
import { Audience } from "./audience.ts";
import type { ToPublisher } from "./link.ts";
import { guarded, type RoleContext, untilAborted } from "./role.ts";

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
  compileEagerly();
  const { config, clock, exchange, log, signal, transport } = context;
  const { signing } = openIdentity(config.paths.masterKey);
  // Seconds since 2020: later than every epoch of an earlier run of this master.
  const epochs = new Epochs(Math.floor((clock.now() - Date.UTC(2020, 0, 1)) / 1000));
  using events = exchange.connect("EventPublisher", () => {});
  const audience = new Audience({
    now: () => clock.now(),
    admit: (peer) => publisher.admit(peer),
    disconnect: (peer, reason) => publisher.disconnect(peer, reason),
    onHearing: (keyId, isHearing) => queue.send({ kind: "hearing", keyId, isHearing }),
  });
  await using publisher: Publisher = await transport.openPublisher({
    hostname: config.interface,
    port: config.publishPort,
    gate: (peer, topic) => audience.judge(peer, topic),
    onReport: ({ address, reason }) => {
      log.warning(`${address}: ${reason}`);
      events.send({ kind: "emit", tag: "brine/publisher/dropped", data: { address, reason } });
    },
  });

  const tellEpochs = () => {
    const { ticketKey } = audience;
    queue.send({ kind: "publishing", publishPort: publisher.port, epochs: epochs.held, ticketKey });
  };
  const publish = (plain: Uint8Array) => {
    const { epoch, sequence } = epochs.take();
    publisher.send([sealPublish({ epoch: epoch.number, sequence }, epoch.key, plain, signing)]);
  };
  let overlap: Disposable | undefined;
  let isNextKnownToExpelled = false;
  const begin = () => {
    epochs.begin();
    if (isNextKnownToExpelled) epochs.prepare();
    tellEpochs();
    log.info(`epoch ${epochs.held[0]?.number} begins`);
    if (isNextKnownToExpelled) overlap = clock.after(EPOCH_OVERLAP_MS, begin);
    isNextKnownToExpelled = false;
  };
  const rotate = (): boolean => {
    if (!epochs.prepare()) return false;
    tellEpochs();
    overlap = clock.after(EPOCH_OVERLAP_MS, begin);
    return true;
  };
  const expel = (keyIds: readonly Uint8Array[]) => {
    audience.expel(keyIds);
    if (rotate()) return;
    isNextKnownToExpelled = true; // the key that was to come has gone out to them too: it is replaced as soon as it is used
    tellEpochs();
  };
  // A front that came back must be told again, before anything else.
  using queue = exchange.connect("MWorkerQueue", (message) => {
    if (message.kind === "expel") expel(message.keyIds);
  }, tellEpochs);
  const receive = (message: ToPublisher) => {
    if (message.kind === "publish") publish(message.plain);
    else rotate();
  };
  const hub = { receive: guarded(log, receive), closed: () => {} };
  await using _hub = await exchange.serve("ZeroMQPubServerChannel", () => hub);
  using _beat = clock.every(HEARTBEAT_MS, () => publish(encodePublished({ kind: "beat", at: clock.now() })));
  tellEpochs();
  log.info(`publishing on ${publisher.hostname}:${publisher.port}`);
  context.ready({ publishPort: publisher.port });
  await untilAborted(signal);
  overlap?.[Symbol.dispose]();
}
