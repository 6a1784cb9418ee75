/**
 * MWorkerQueue: the ROUTER socket on 4506 and the sealed sessions on it. It opens frames and hands what is in them to
 * the workers, with the authenticated id and role beside it; it seals what they answer. Handshakes are computed by
 * the workers, so that a storm of them delays nobody who is in already.
 *
 * @module
 */
import { HANDSHAKE_TIMEOUT_MS, MAX_HANDSHAKE_BYTES } from "../channel/handshake.ts";
import { HEARTBEAT, Session } from "../channel/session.ts";
import { reasonOf } from "../core/errors.ts";
import { VERSION } from "../core/version.ts";
import { issueTicket } from "../crypto/ticket.ts";
import type { Peer, Router } from "../transport/transport.ts";
import { encodeMinionMessage } from "../wire/minion_messages.ts";
import { encodeOperatorMessage } from "../wire/operator_messages.ts";
import type { FromQueue, Link, PeerNumber, PresenceState, ToEvents, ToQueue } from "./link.ts";
import { type Member, Members } from "./members.ts";
import { HEARTBEAT_MS } from "./pub_server_channel.ts";
import { guarded, type RoleContext, untilAborted } from "./role.ts";

/** How long a ticket for 4505 holds; a minion that comes back later asks for another one over its session. */
const TICKET_TTL_MS = 60_000;

/** Connections whose keys wait to be accepted; beyond this they are sent away and come back later. */
const MAX_PENDING = 2_000;

/** A connection that has not shaken hands. */
interface Stranger {
  readonly peer: Peer;
  steps: 0 | 1 | 2;
}

type Publishing = Extract<ToQueue, { kind: "publishing" }>;

/** Runs the front until the context's signal. */
export async function runMWorkerQueue(context: RoleContext): Promise<void> {
  await using queue = new MWorkerQueue(context);
  const retPort = await queue.open();
  context.ready({ retPort });
  await untilAborted(context.signal);
}

class MWorkerQueue implements AsyncDisposable {
  readonly #context: RoleContext;
  readonly #strangers = new Map<PeerNumber, Stranger>();
  readonly #members = new Members();
  readonly #workers: Link<FromQueue>[] = [];
  readonly #events: Link<ToEvents>;
  #publishing: Publishing | undefined;
  #router: Router | undefined;
  #hub: Disposable | undefined;
  #received: Promise<void> = Promise.resolve();

  constructor(context: RoleContext) {
    this.#context = context;
    this.#events = context.exchange.connect("EventPublisher", () => {});
  }

  /** Listens; says on which port. */
  async open(): Promise<number> {
    const { config, exchange, log, transport } = this.#context;
    this.#router = await transport.openRouter({
      hostname: config.interface,
      port: config.retPort,
      limits: { admitTimeoutMs: HANDSHAKE_TIMEOUT_MS },
      onConnect: (peer) => this.#greet(peer),
      onReport: ({ address, reason }) => log.warning(`${address}: ${reason}`),
    });
    this.#hub = exchange.serve("MWorkerQueue", (link) => ({
      receive: guarded(log, (message) => this.#obey(message, link)),
      closed: () => {
        const index = this.#workers.indexOf(link);
        if (index !== -1) this.#workers.splice(index, 1);
      },
    }));
    this.#received = this.#receive(this.#router);
    log.info(`listening on ${this.#router.hostname}:${this.#router.port}`);
    return this.#router.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hub?.[Symbol.dispose]();
    await this.#router?.[Symbol.asyncDispose]();
    await this.#received;
    this.#events[Symbol.dispose]();
  }

  // --- from the network ---

  #greet(peer: Peer): void {
    this.#strangers.set(peer.number, { peer, steps: 0 });
    peer.closed.addEventListener("abort", () => this.#lose(peer), { once: true });
  }

  async #receive(router: Router): Promise<void> {
    for await (const [peer, frame, ...more] of router) {
      try {
        if (!frame || more.length > 0) router.disconnect(peer, "a message of more than one frame");
        else this.#take(peer, frame);
      } catch (thrown) {
        this.#context.log.error(`${peer.address}: Cannot handle a frame: ${reasonOf(thrown)}`);
        router.disconnect(peer, "the master failed");
      }
    }
  }

  #take(peer: Peer, frame: Uint8Array): void {
    const member = this.#members.find(peer.number);
    if (!member) return this.#takeHandshake(peer, frame);
    let message: Uint8Array;
    try {
      message = member.session.open(frame);
    } catch (thrown) {
      return this.#refuse(member, reasonOf(thrown));
    }
    if (message.length === 0) this.#send(member, HEARTBEAT);
    else if (member.standing !== "accepted") this.#refuse(member, "it spoke before its key was accepted");
    else {
      const { role, id } = member;
      this.#workerOf(peer.number)?.send({ kind: "request", peer: peer.number, role, id, message });
    }
  }

  #takeHandshake(peer: Peer, frame: Uint8Array): void {
    const stranger = this.#strangers.get(peer.number);
    const worker = this.#workerOf(peer.number);
    if (!stranger) return;
    if (stranger.steps === 2 || frame.length > MAX_HANDSHAKE_BYTES) {
      return this.#router?.disconnect(peer, "it sent more than a handshake before it was authenticated");
    }
    if (!worker) return this.#router?.disconnect(peer, "no worker is ready");
    const step = stranger.steps === 0 ? 1 : 2;
    stranger.steps = step;
    worker.send({ kind: "handshake", peer: peer.number, address: peer.address, step, frame });
  }

  /** The same worker for all that one peer sends: its pieces arrive in order. */
  #workerOf(peer: PeerNumber): Link<FromQueue> | undefined {
    return this.#workers[peer % this.#workers.length];
  }

  #lose(peer: Peer): void {
    if (this.#strangers.delete(peer.number)) {
      this.#workerOf(peer.number)?.send({ kind: "gone", peer: peer.number });
      return;
    }
    const member = this.#members.find(peer.number);
    if (!member) return;
    this.#withdraw(member);
    this.#members.remove(member);
    if (member.role === "operator") this.#events.send({ kind: "gone", peer: peer.number });
  }

  /** From here on nobody counts on this minion. */
  #withdraw(member: Member): void {
    if (!this.#members.withdraw(member)) return;
    if (member.isHearing) this.#tellPresence(member, "down");
    else this.#tellWorkers(member, "down");
    member.isHearing = false;
  }

  // --- from the roles behind ---

  #obey(message: ToQueue, link: Link<FromQueue>): void {
    switch (message.kind) {
      case "work":
        return this.#enrol(link);
      case "handshake": {
        const stranger = this.#strangers.get(message.peer);
        if (stranger) this.#router?.send(stranger.peer, [message.frame]);
        return;
      }
      case "session":
        return this.#seat(message);
      case "end":
        return this.#endPeer(message);
      case "to_peer": {
        const member = this.#members.find(message.peer);
        if (member) return this.#send(member, message.message);
        // Its subscription may have been asked for after it had gone.
        return this.#events.send({ kind: "gone", peer: message.peer });
      }
      case "to_minion": {
        const member = this.#members.minion(message.id);
        if (member) this.#send(member, message.message);
        return;
      }
      case "standing":
        return this.#judge(message);
      case "welcome": {
        const member = this.#members.find(message.peer);
        if (member) this.#welcome(member);
        return;
      }
      case "publishing":
        return this.#tellPublishing(message);
      case "hearing":
        return this.#hear(message);
    }
  }

  #enrol(link: Link<FromQueue>): void {
    this.#workers.push(link);
    const at = this.#context.clock.now();
    for (const { id, peer, isHearing } of this.#members.minions) {
      if (!isHearing) continue;
      link.send({ kind: "presence", id, state: "up", at, address: peer.address, isToRecord: false });
    }
  }

  #seat(message: Extract<ToQueue, { kind: "session" }>): void {
    const stranger = this.#strangers.get(message.peer);
    if (!stranger) return;
    const { sendKey, receiveKey, role, id, keyId, standing, reason } = message;
    const { peer } = stranger;
    this.#strangers.delete(message.peer);
    // One minion, one connection; a person may have several terminals. Who is refused does not put the other out.
    const isSingle = role === "minion" && standing !== "rejected";
    const older = isSingle ? this.#members.withKey(role, keyId) : [];
    const session = new Session({ sendKey, receiveKey });
    const member: Member = { peer, session, role, id, keyId, standing, isHearing: false };
    this.#members.add(member);
    for (const other of older) this.#expel(other, "the same key connected again");
    if (this.#members.pendingCount > MAX_PENDING && standing === "pending") {
      return this.#expel(member, `${MAX_PENDING} connections wait to be accepted already`);
    }
    this.#router?.admit(peer);
    this.#greetMember(member, reason);
  }

  #greetMember(member: Member, reason: string): void {
    const { role, standing } = member;
    if (standing === "accepted") {
      if (role === "operator") return this.#send(member, encodeOperatorMessage({ kind: "accepted", version: VERSION }));
      this.#members.announce(member);
      this.#welcome(member);
    } else if (role === "operator") {
      const why = standing === "pending" ? "its key waits to be accepted on the master" : reason;
      this.#send(member, encodeOperatorMessage({ kind: "denied", reason: why }));
      this.#router?.disconnect(member.peer, why);
    } else if (standing === "pending") {
      this.#send(member, encodeMinionMessage({ kind: "pending" }));
    } else {
      this.#send(member, encodeMinionMessage({ kind: "rejected", reason }));
      this.#router?.disconnect(member.peer, reason);
    }
  }

  #welcome(member: Member): void {
    const publishing = this.#publishing;
    if (!publishing || member.role !== "minion" || member.standing !== "accepted") return;
    const { publishPort, epochs, ticketKey } = publishing;
    const ticket = issueTicket(ticketKey, {
      keyId: member.keyId,
      expiresAt: this.#context.clock.now() + TICKET_TTL_MS,
    });
    const heartbeatMs = HEARTBEAT_MS;
    this.#send(member, encodeMinionMessage({ kind: "welcome", publishPort, ticket, epochs: [...epochs], heartbeatMs }));
    if (!member.isHearing) this.#tellWorkers(member, "joining");
  }

  #endPeer({ peer, reason, frame }: Extract<ToQueue, { kind: "end" }>): void {
    const found = this.#strangers.get(peer)?.peer ?? this.#members.find(peer)?.peer;
    if (!found) return;
    if (frame && this.#strangers.has(peer)) this.#router?.send(found, [frame]);
    this.#context.log.warning(`${found.address}: ${reason}`);
    this.#router?.disconnect(found, reason);
  }

  #judge({ role, keyId, standing }: Extract<ToQueue, { kind: "standing" }>): void {
    for (const member of this.#members.withKey(role, keyId)) {
      this.#members.setStanding(member, standing === "deleted" ? "rejected" : standing);
      if (standing !== "accepted") this.#withdraw(member);
      this.#greetMember(member, `its key was ${standing} on the master`);
    }
  }

  #tellPublishing(publishing: Publishing): void {
    const isFirst = this.#publishing === undefined;
    this.#publishing = publishing;
    const message = encodeMinionMessage({ kind: "epochs", epochs: [...publishing.epochs] });
    for (const member of this.#members.minions) {
      if (isFirst) this.#welcome(member);
      else this.#send(member, message);
    }
  }

  #hear({ keyId, isHearing }: Extract<ToQueue, { kind: "hearing" }>): void {
    for (const member of this.#members.withKey("minion", keyId)) {
      if (member.isHearing === isHearing || this.#members.minion(member.id) !== member) continue;
      member.isHearing = isHearing;
      this.#tellPresence(member, isHearing ? "up" : "down");
    }
  }

  #tellPresence(member: Member, state: "up" | "down"): void {
    const { id, peer } = member;
    this.#tellWorkers(member, state);
    const change = state === "up" ? { up: [id], down: [] } : { up: [], down: [id] };
    this.#events.send({ kind: "emit", tag: "brine/presence/change", data: { ...change, address: peer.address } });
    this.#context.log.info(`${id} is ${state} (${peer.address})`);
  }

  #tellWorkers({ id, peer }: Member, state: PresenceState): void {
    const at = this.#context.clock.now();
    for (const [index, worker] of this.#workers.entries()) {
      const isToRecord = index === 0 && state !== "joining";
      worker.send({ kind: "presence", id, state, at, address: peer.address, isToRecord });
    }
  }

  #send(member: Member, message: Uint8Array): void {
    this.#router?.send(member.peer, [member.session.seal(message)]);
  }

  /** It did what no honest peer does. */
  #refuse(member: Member, reason: string): void {
    const { id, role } = member;
    this.#events.send({ kind: "emit", tag: "brine/auth/refused", data: { id, role, reason } });
    this.#expel(member, reason);
  }

  #expel(member: Member, reason: string): void {
    this.#context.log.warning(`${member.role} ${member.id} at ${member.peer.address}: ${reason}`);
    this.#router?.disconnect(member.peer, reason);
  }
}
