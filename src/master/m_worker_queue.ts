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
import { compileEagerly } from "../runtime/jit.ts";
import type { Peer, Router } from "../transport/transport.ts";
import { encodeMinionMessage } from "../wire/minion_messages.ts";
import { encodeOperatorMessage } from "../wire/operator_messages.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { FromQueue, Link, PeerNumber, PresenceState, ToEvents, ToQueue } from "./link.ts";
import { type Member, Members } from "./members.ts";
import { HEARTBEAT_MS } from "./pub_server_channel.ts";
import { guarded, type RoleContext, untilAborted } from "./role.ts";

/** How long a ticket for 4505 holds; a minion that comes back later asks for another one over its session. */
const TICKET_TTL_MS = 60_000;

/** Connections whose keys wait to be accepted; beyond this they are sent away and come back later. */
const MAX_PENDING = 2_000;

/** A connection that is silent for this long is dead: seen, with what it takes to tell, within half a minute. */
const DEAD_AFTER_MS = 24_000;

/** Subscriptions that one client's connection may hold. */
const MAX_GLOBS = 4_096;

/** A connection that has not shaken hands. */
interface Stranger {
  readonly number: PeerNumber;
  readonly peer: Peer;
  steps: 0 | 1 | 2;
}

type Publishing = Extract<ToQueue, { kind: "publishing" }>;

/** Runs the front until the context's signal. */
export async function runMWorkerQueue(context: RoleContext): Promise<void> {
  compileEagerly();
  await using queue = new MWorkerQueue(context);
  const retPort = await queue.open();
  context.ready({ retPort });
  await untilAborted(context.signal);
}

class MWorkerQueue implements AsyncDisposable {
  readonly #context: RoleContext;
  /**
   * Connections are numbered from here on. A front that comes back after a crash begins elsewhere, so that what was
   * meant for a connection of its predecessor never reaches one of its own.
   */
  readonly #base: number;
  readonly #strangers = new Map<PeerNumber, Stranger>();
  readonly #members = new Members();
  readonly #dispatcher: Dispatcher;
  /** The master's own operators, by the number that stands for their link. */
  readonly #house = new Map<PeerNumber, Link<FromQueue>>();
  readonly #events: Link<ToEvents>;
  #publishing: Publishing | undefined;
  #publisher: Link<FromQueue> | undefined;
  #requests = 0;
  /** Below every number of a connection. */
  #lastHouse = 0;
  #router: Router | undefined;
  #hub: AsyncDisposable | undefined;
  #received: Promise<void> = Promise.resolve();

  constructor(context: RoleContext) {
    this.#context = context;
    this.#base = Math.floor(context.random() * 2 ** 31) * 2 ** 21;
    this.#dispatcher = new Dispatcher({ base: this.#base, now: () => context.clock.now() });
    this.#events = context.exchange.connect("EventPublisher", () => {}, () => this.#tellClients());
  }

  /** Listens; says on which port. */
  async open(): Promise<number> {
    const { config, exchange, log, transport } = this.#context;
    this.#router = await transport.openRouter({
      hostname: config.interface,
      port: config.retPort,
      limits: { admitTimeoutMs: HANDSHAKE_TIMEOUT_MS },
      idleTimeoutMs: DEAD_AFTER_MS,
      onConnect: (peer) => this.#greet(peer),
      onReport: ({ address, reason }) => log.warning(`${address}: ${reason}`),
    });
    this.#hub = await exchange.serve("MWorkerQueue", (link) => ({
      receive: guarded(log, (message) => this.#obey(message, link)),
      closed: () => this.#loseRole(link),
    }));
    this.#received = this.#receive(this.#router);
    log.info(`listening on ${this.#router.hostname}:${this.#router.port}`);
    return this.#router.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hub?.[Symbol.asyncDispose]();
    await this.#router?.[Symbol.asyncDispose]();
    await this.#received;
    this.#events[Symbol.dispose]();
  }

  // --- from the network ---

  #greet(peer: Peer): void {
    const number = this.#base + peer.number;
    this.#strangers.set(number, { number, peer, steps: 0 });
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
    const member = this.#members.find(this.#base + peer.number);
    if (!member) return this.#takeHandshake(peer, frame);
    let message: Uint8Array;
    try {
      message = member.session.open(frame);
    } catch (thrown) {
      return this.#refuse(member, reasonOf(thrown));
    }
    if (message.length === 0) this.#send(member, HEARTBEAT);
    else if (member.standing !== "accepted") this.#refuse(member, "it spoke before its key was accepted");
    else this.#request(member, message);
  }

  #request(member: Member, message: Uint8Array): void {
    const { role, id, number, peer } = member;
    const key = this.#newKey();
    if (this.#dispatcher.offer({ kind: "request", peer: number, role, id, key, message })) return;
    this.#router?.disconnect(peer, "too many of its requests wait already");
  }

  #newKey(): string {
    return `${this.#base.toString(36)}-${(++this.#requests).toString(36)}`;
  }

  #takeHandshake(peer: Peer, frame: Uint8Array): void {
    const stranger = this.#strangers.get(this.#base + peer.number);
    if (!stranger) return;
    if (stranger.steps === 2 || frame.length > MAX_HANDSHAKE_BYTES) {
      return this.#router?.disconnect(peer, "it sent more than a handshake before it was authenticated");
    }
    const step = stranger.steps === 0 ? 1 : 2;
    stranger.steps = step;
    this.#dispatcher.offer({ kind: "handshake", peer: stranger.number, address: peer.address, step, frame });
  }

  #lose(peer: Peer): void {
    const number = this.#base + peer.number;
    if (this.#strangers.delete(number)) {
      for (const worker of this.#dispatcher.workers) worker.send({ kind: "gone", peer: number });
      return this.#dispatcher.forget(number);
    }
    const member = this.#members.find(number);
    if (!member) return;
    this.#withdraw(member);
    this.#members.remove(member);
    if (member.globs.size > 0) this.#events.send({ kind: "gone", peer: number });
  }

  /** From here on nobody counts on this minion. */
  #withdraw(member: Member): void {
    if (!this.#members.withdraw(member)) return;
    if (isUp(member)) this.#tellPresence(member, "down");
    else this.#tellWorkers(member, "down");
    member.isHearing = false;
  }

  // --- from the roles behind ---

  #obey(message: ToQueue, link: Link<FromQueue>): void {
    switch (message.kind) {
      case "work":
        return this.#enrol(link);
      case "finished":
        return this.#dispatcher.finish(link, message.tasks);
      case "request":
        return this.#takeHouseRequest(message, link);
      case "subscribe":
        return this.#subscribe(message);
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
        return this.#house.get(message.peer)?.send({ kind: "reply", message: message.message });
      }
      case "to_minion": {
        const member = this.#members.minion(message.id);
        if (member) this.#send(member, message.message);
        return;
      }
      case "standing":
        return this.#judge(message);
      case "expel":
        // A publisher that is down begins with new keys for everything when it comes back.
        return this.#publisher?.send(message);
      case "welcome": {
        const member = this.#members.find(message.peer);
        if (member) this.#welcome(member);
        return;
      }
      case "publishing":
        this.#publisher = link;
        return this.#tellPublishing(message);
      case "hearing":
        for (const member of this.#members.withKey("minion", message.keyId)) {
          this.#note(member, { isHearing: message.isHearing });
        }
        return;
      case "known": {
        const member = this.#members.find(message.peer);
        if (member) this.#note(member, { isKnown: true });
        return;
      }
    }
  }

  #enrol(link: Link<FromQueue>): void {
    const at = this.#context.clock.now();
    for (const member of this.#members.minions) {
      const { id, peer } = member;
      const state = isUp(member) ? "up" : "joining";
      link.send({ kind: "presence", id, state, at, address: peer.address, isToRecord: false });
    }
    this.#dispatcher.addWorker(link); // after the presence: its first task may ask for it
  }

  #loseRole(link: Link<FromQueue>): void {
    for (const [number, other] of this.#house) if (other === link) this.#house.delete(number);
    for (const number of this.#dispatcher.removeWorker(link)) {
      const stranger = this.#strangers.get(number);
      if (stranger) this.#router?.disconnect(stranger.peer, "the worker that shook hands with it died");
    }
    if (link === this.#publisher) this.#losePublisher();
  }

  /** Sessions live on; until the publisher is back, nobody hears jobs and nobody gets a ticket. */
  #losePublisher(): void {
    this.#publisher = undefined;
    this.#publishing = undefined;
    for (const member of this.#members.minions) {
      if (!member.isHearing) continue;
      this.#note(member, { isHearing: false });
      this.#tellWorkers(member, "joining");
    }
  }

  #takeHouseRequest({ id, message }: Extract<ToQueue, { kind: "request" }>, link: Link<FromQueue>): void {
    let number = [...this.#house].find(([, other]) => other === link)?.[0];
    if (number === undefined) this.#house.set(number = --this.#lastHouse, link);
    this.#dispatcher.offer({ kind: "request", peer: number, role: "operator", id, key: this.#newKey(), message });
  }

  #subscribe({ peer, globs }: Extract<ToQueue, { kind: "subscribe" }>): void {
    const member = this.#members.find(peer);
    if (!member) return; // it has gone
    for (const glob of globs) member.globs.delete(glob); // asked for again: the newest
    for (const glob of globs) member.globs.add(glob);
    for (const glob of member.globs) {
      if (member.globs.size <= MAX_GLOBS) break;
      member.globs.delete(glob);
    }
    this.#events.send({ kind: "subscribe", peer, globs });
  }

  /** For a bus that has just come up: who was listening. */
  #tellClients(): void {
    const listening = [...this.#members.all].filter(({ globs }) => globs.size > 0);
    this.#events.send({
      kind: "clients",
      clients: listening.map(({ number, globs }) => ({ peer: number, globs: [...globs] })),
    });
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
    const number = message.peer;
    const member: Member = {
      number,
      peer,
      session,
      role,
      id,
      keyId,
      standing,
      globs: new Set(),
      isHearing: false,
      isKnown: false,
    };
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
    if (!isUp(member)) this.#tellWorkers(member, "joining");
  }

  #endPeer({ peer, reason, frame }: Extract<ToQueue, { kind: "end" }>): void {
    const stranger = this.#strangers.get(peer);
    const found = stranger?.peer ?? this.#members.find(peer)?.peer;
    if (!found) return;
    // After its second frame it takes every frame for a sealed one: it reads the reason where the connection ends.
    if (frame && stranger?.steps === 1) this.#router?.send(found, [frame]);
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

  /** Notes what is new about a minion, and tells when that makes it come up or go down. */
  #note(member: Member, news: Partial<Pick<Member, "isHearing" | "isKnown">>): void {
    if (this.#members.minion(member.id) !== member) return;
    const wasUp = isUp(member);
    Object.assign(member, news);
    if (isUp(member) !== wasUp) this.#tellPresence(member, wasUp ? "down" : "up");
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
    let isToRecord = state !== "joining";
    for (const worker of this.#dispatcher.workers) {
      worker.send({ kind: "presence", id, state, at, address: peer.address, isToRecord });
      isToRecord = false; // one of them is enough
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

/** A job reaches it, and targets by grains know it. */
function isUp({ isHearing, isKnown }: Member): boolean {
  return isHearing && isKnown;
}
