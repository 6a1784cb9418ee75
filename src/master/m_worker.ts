/**
 * MWorker-N: does the work of 4506. It computes handshakes and says who may come in, takes what minions return, and
 * answers what operators ask. Everything that must outlive it is in the store.
 *
 * @module
 */
import { type Authenticated, MasterHandshake, refusalFrame } from "../channel/handshake.ts";
import { ProtocolError, reasonOf, UsageError } from "../core/errors.ts";
import type { Jid } from "../core/jid.ts";
import { fingerprintOf, keyIdOf, openIdentity, publicHalf } from "../crypto/identity.ts";
import { compileEagerly } from "../runtime/jit.ts";
import { openStore } from "../store/store.ts";
import { TAG_BYTES } from "../runtime/crypto.ts";
import { MESSAGE_LIMITS } from "../wire/limits.ts";
import { encodeMinionMessage, readFromMinion } from "../wire/minion_messages.ts";
import {
  encodeOperatorMessage,
  type FromOperator,
  readFromOperator,
  type ToOperator,
} from "../wire/operator_messages.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import type { Desk, Sender } from "./desk.ts";
import { Finished } from "./finished.ts";
import { GroupCommit } from "./group_commit.ts";
import { handleMinion } from "./handlers/minion/index.ts";
import { handleOperator } from "./handlers/operator/index.ts";
import type { FromQueue, PeerNumber } from "./link.ts";
import { Presence } from "./presence.ts";
import { Refused } from "./refused.ts";
import { guarded, type RoleContext, untilAborted } from "./role.ts";

/** Jobs whose expected minions are kept at hand. */
const MAX_KNOWN_JOBS = 256;

/** Runs a worker until the context's signal. */
export async function runMWorker(context: RoleContext): Promise<void> {
  compileEagerly();
  const { config, clock, exchange, log, random, signal } = context;
  using store = openStore(config.paths.database);
  using commit = new GroupCommit((work) => store.jobs.together(work), log);
  using publisher = exchange.connect("ZeroMQPubServerChannel", () => {});
  using events = exchange.connect("EventPublisher", () => {});
  const identity = openIdentity(config.paths.masterKey);
  using presence = new Presence(clock);
  const handshakes = new Map<PeerNumber, MasterHandshake>();
  const answering = new Set<Promise<void>>();
  const take = guarded(log, (message: FromQueue) => receive(message));
  using queue = exchange.connect("MWorkerQueue", take, () => {
    presence.expectBack(store.minions.lastUp());
    handshakes.clear();
    queue.send({ kind: "work" });
  });
  using acknowledgements = new Acknowledgements(clock, (peer, jids) => desk.toMinion(peer, { kind: "stored", jids }));
  const finished = new Finished((tasks) => queue.send({ kind: "finished", tasks }));

  const desk: Desk = {
    config,
    clock,
    random,
    log,
    store,
    presence,
    commit,
    queue,
    publisher,
    events,
    expectedOf: expectedCache((jid) => store.jobs.expectedOf(jid)),
    fingerprint: fingerprintOf(publicHalf(identity)),
    emit: (tag, data) => events.send({ kind: "emit", tag, data }),
    acknowledge: (peer, jid) => acknowledgements.add(peer, jid),
    toMinion: (peer, message) => queue.send({ kind: "to_peer", peer, message: encodeMinionMessage(message) }),
  };

  const receive = (message: FromQueue): void => {
    switch (message.kind) {
      case "handshake":
        shake(message);
        return finished.add(message.task);
      case "gone":
        return void handshakes.delete(message.peer);
      case "presence":
        presence.note(message);
        if (message.isToRecord) {
          commit.add(() => {
            const { id, state, address, at } = message;
            store.minions.putSeen(id, { isUp: state === "up", address, at });
            return () => {};
          });
        }
        return;
      case "request":
        return message.role === "minion" ? fromMinion(message) : fromOperator(message);
      case "expel":
      case "reply":
        return; // not for workers
    }
  };

  const shake = ({ peer, address, step, frame }: Extract<FromQueue, { kind: "handshake" }>) => {
    try {
      if (step === 1) {
        const handshake = new MasterHandshake(identity);
        queue.send({ kind: "handshake", peer, frame: handshake.start(frame, clock.now()) });
        handshakes.set(peer, handshake);
      } else {
        const handshake = handshakes.get(peer);
        handshakes.delete(peer);
        if (!handshake) throw new ProtocolError("Cannot shake hands: out of order");
        seat(peer, address, handshake.finish(frame));
      }
    } catch (thrown) {
      handshakes.delete(peer);
      queue.send({ kind: "end", peer, reason: reasonOf(thrown), frame: refusalFrame(reasonOf(thrown)) });
    }
  };

  const seat = (peer: PeerNumber, address: string, who: Authenticated) => {
    const isOpenToAll = who.role === "minion" && config.insecureAutoAccept;
    const judgement = store.keys.judge(who, isOpenToAll ? "accepted" : "pending", clock.now());
    const data = { id: who.id, role: who.role, address, standing: judgement.standing };
    desk.emit("brine/auth", data);
    if (judgement.standing === "denied") {
      log.warning(`${address}: ${who.role} ${who.id} is denied: ${judgement.reason}`);
    }
    if (judgement.isNew) log.info(`new key of ${who.role} ${who.id} at ${address}: ${judgement.standing}`);
    const { sendKey, receiveKey } = who.split;
    const keyId = keyIdOf(who.identity);
    const { role, id } = who;
    const standing = judgement.standing === "denied" ? "rejected" : judgement.standing;
    const { reason } = judgement;
    queue.send({ kind: "session", peer, sendKey, receiveKey, role, id, keyId, standing, reason });
  };

  const fromMinion = ({ task, peer, id, key, isRepeated, message }: Extract<FromQueue, { kind: "request" }>) => {
    try {
      handleMinion(readFromMinion(message), { peer, id, key, isRepeated }, desk);
      commit.afterwards(() => finished.add(task));
    } catch (thrown) {
      desk.emit("brine/auth/refused", { id, role: "minion", reason: reasonOf(thrown) });
      queue.send({ kind: "end", peer, reason: `minion ${id}: ${reasonOf(thrown)}` });
      finished.add(task);
    }
  };

  const fromOperator = ({ task, peer, id, key, isRepeated, message }: Extract<FromQueue, { kind: "request" }>) => {
    try {
      const request = readFromOperator(message);
      const done = answer(request, { peer, id, key, isRepeated })
        .then((reply) => queue.send({ kind: "to_peer", peer, message: encodeReply(reply) }))
        .finally(() => {
          answering.delete(done);
          finished.add(task);
        });
      answering.add(done);
    } catch (thrown) {
      queue.send({ kind: "end", peer, reason: `operator ${id}: ${reasonOf(thrown)}` });
      finished.add(task);
    }
  };

  const answer = async (request: FromOperator, from: Sender): Promise<ToOperator> => {
    const { request: number } = request;
    try {
      return { kind: "reply", request: number, value: await handleOperator(request, from, desk) };
    } catch (thrown) {
      const reason = reasonOf(thrown);
      if (thrown instanceof Refused) return { kind: "refused", request: number, why: thrown.why, reason };
      if (thrown instanceof UsageError) return { kind: "refused", request: number, why: "usage", reason };
      log.error(`Cannot answer "${request.kind}" of ${from.id}: ${reason}`);
      return { kind: "refused", request: number, why: "failed", reason: `The master failed: ${reason}` };
    }
  };

  context.ready();
  await untilAborted(signal);
  presence[Symbol.dispose]();
  await Promise.all(answering);
  commit.flush(); // while there is still somebody to tell
}

/** The reply's bytes; one that no frame can carry becomes a refusal that says so. */
function encodeReply(reply: ToOperator): Uint8Array {
  const bytes = encodeOperatorMessage(reply);
  if (bytes.length <= MESSAGE_LIMITS.maxBytes - TAG_BYTES || reply.kind !== "reply") return bytes;
  const reason = `The master failed: its reply has ${bytes.length} bytes, more than a frame can carry`;
  return encodeOperatorMessage({ kind: "refused", request: reply.request, why: "failed", reason });
}

/** Remembers the answers for the newest jobs: returns come by the thousand. */
function expectedCache(load: (jid: Jid) => readonly string[]): (jid: Jid) => ReadonlySet<string> {
  const known = new Map<Jid, ReadonlySet<string>>();
  return (jid) => {
    const found = known.get(jid);
    if (found) return found;
    const ids = new Set(load(jid));
    if (ids.size === 0) return ids; // perhaps not written yet: ask again next time
    const [oldest] = known.keys();
    if (known.size >= MAX_KNOWN_JOBS && oldest) known.delete(oldest);
    known.set(jid, ids);
    return ids;
  };
}
