/**
 * The device between the ROUTER in front and the workers behind: which request goes to which worker, and when.
 *
 * - Fair: peers take turns, one request each. A peer that floods waits for itself only.
 * - In order: while a worker has something of a peer, it gets that peer's next request too.
 * - Bounded: a worker holds {@link WORKER_CREDIT} requests that it has not finished, or {@link WORKER_CREDIT_BYTES} of
 *   them; of a peer {@link MAX_WAITING} wait, or {@link MAX_WAITING_BYTES}. Beyond that `offer` says false, and the
 *   connection is ended with a reason.
 * - Nothing is lost with a worker: what it had not finished goes to another one, marked as a repetition.
 *
 * @module
 */
import type { FromQueue, Link, PeerNumber } from "./link.ts";

/** Unfinished requests that one worker may hold: enough for large commits. */
export const WORKER_CREDIT = 256;

/** Bytes of them: far less than the link to a worker holds, which drops what is beyond. */
export const WORKER_CREDIT_BYTES = 16 * 1024 * 1024;

/**
 * Unfinished requests up to which one worker is preferred: together they are one commit, and workers that all write at
 * once wait for each other and for the cores.
 */
export const PACKED = 64;

/** A worker that has work and has finished nothing for this long is not given more while others go on. */
const STUCK_AFTER_MS = 50;

/** More than any worker holds. */
const STUCK_LOAD = 1_000_000;

/** Requests of one peer that may wait for their turn. */
export const MAX_WAITING = 4_096;

/** Bytes of them: a minion has 8 MiB of returns under way at most. */
export const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/** What goes to a worker on behalf of a peer. */
export type WorkerTask = Extract<FromQueue, { kind: "request" | "handshake" }>;

/** A task without what the dispatcher adds. */
export type NewTask = WorkerTask extends infer T ? T extends WorkerTask ? Omit<T, "task" | "isRepeated"> : never
  : never;

interface Worker {
  readonly link: Link<FromQueue>;
  /** What it has not finished, by number. */
  readonly unfinished: Map<number, WorkerTask>;
  unfinishedBytes: number;
  /** When it last finished something, or got its first. */
  movedAt: number;
  /** Which finish of all workers' was its last: the higher, the surer that it lives. */
  lastFinish: number;
}

interface PeerQueue {
  readonly waiting: WorkerTask[];
  waitingBytes: number;
  /** The worker that has something of this peer, and how much. */
  worker: Worker | undefined;
  unfinished: number;
  /** The first half of a handshake is with that worker, and the second must go there too. */
  isShaking: boolean;
}

/** Hands requests to workers. */
export class Dispatcher {
  readonly #workers = new Map<Link<FromQueue>, Worker>();
  readonly #peers = new Map<PeerNumber, PeerQueue>();
  /** Peers of whom something waits, in the order of their turns. */
  readonly #ring = new Set<PeerNumber>();
  readonly #now: () => number;
  #finishes = 0;
  #last: number;

  /** Tasks are numbered from `base` on: what a worker says of a dead front's tasks must not mean one of this front's. */
  constructor({ base = 0, now = () => 0 }: { base?: number; now?: () => number } = {}) {
    this.#last = base;
    this.#now = now;
  }

  /** Of how many peers something waits or is at work; a test for leaks looks at it. */
  get size(): number {
    return new Set([...this.#peers.keys(), ...this.#ring]).size;
  }

  /** The workers' links. */
  get workers(): Iterable<Link<FromQueue>> {
    return this.#workers.keys();
  }

  /** A worker is ready for work. */
  addWorker(link: Link<FromQueue>): void {
    if (!this.#workers.has(link)) {
      this.#workers.set(link, { link, unfinished: new Map(), unfinishedBytes: 0, movedAt: this.#now(), lastFinish: 0 });
    }
    this.#dispatch();
  }

  /** A worker has gone. Says whose handshakes went with it: half of one cannot be continued by another worker. */
  removeWorker(link: Link<FromQueue>): PeerNumber[] {
    const worker = this.#workers.get(link);
    if (!worker) return [];
    this.#workers.delete(link);
    const broken: PeerNumber[] = [];
    for (const task of [...worker.unfinished.values()].reverse()) {
      const queue = this.#peers.get(task.peer);
      if (!queue) continue;
      if (task.kind === "handshake") {
        queue.isShaking = true; // half of one, whichever half it was
      } else {
        queue.waiting.unshift({ ...task, isRepeated: true });
        queue.waitingBytes += sizeOf(task);
      }
    }
    for (const [peer, queue] of this.#peers) {
      if (queue.worker !== worker) continue;
      if (queue.isShaking) broken.push(peer);
      queue.worker = undefined;
      queue.unfinished = 0;
      queue.isShaking = false;
      if (queue.waiting.length > 0) this.#ring.add(peer);
      else this.#peers.delete(peer);
    }
    this.#dispatch();
    return broken;
  }

  /** Takes a request; false when too many of this peer wait already. */
  offer(task: NewTask): boolean {
    const fresh = { waiting: [], waitingBytes: 0, worker: undefined, unfinished: 0, isShaking: false };
    const queue: PeerQueue = this.#peers.get(task.peer) ?? fresh;
    if (queue.waiting.length >= MAX_WAITING || queue.waitingBytes >= MAX_WAITING_BYTES) return false;
    this.#peers.set(task.peer, queue);
    queue.waitingBytes += sizeOf(task);
    queue.waiting.push({ ...task, task: ++this.#last, isRepeated: false } as WorkerTask);
    this.#ring.add(task.peer);
    this.#dispatch();
    return true;
  }

  /** A worker has finished these. */
  finish(link: Link<FromQueue>, tasks: readonly number[]): void {
    const worker = this.#workers.get(link);
    if (!worker) return;
    for (const number of tasks) {
      const task = worker.unfinished.get(number);
      if (!task) continue;
      worker.unfinished.delete(number);
      worker.movedAt = this.#now();
      worker.lastFinish = ++this.#finishes;
      worker.unfinishedBytes -= sizeOf(task);
      const queue = this.#peers.get(task.peer);
      if (!queue || --queue.unfinished > 0 || queue.isShaking) continue;
      queue.worker = undefined;
      if (queue.waiting.length === 0) this.#peers.delete(task.peer);
    }
    this.#dispatch();
  }

  /**
   * A peer has gone. What waits of it is still done, for a return that arrived counts; but nobody would hear the end of
   * its handshake.
   */
  forget(peer: PeerNumber): void {
    const queue = this.#peers.get(peer);
    if (!queue) return;
    queue.isShaking = false;
    const left = queue.waiting.filter(({ kind }) => kind !== "handshake");
    queue.waiting.splice(0, queue.waiting.length, ...left);
    queue.waitingBytes = left.reduce((sum, task) => sum + sizeOf(task), 0);
    if (left.length > 0) return;
    this.#ring.delete(peer);
    if (queue.unfinished === 0) this.#peers.delete(peer);
  }

  #dispatch(): void {
    for (const peer of this.#ring) {
      const queue = this.#peers.get(peer);
      const free = this.#choose(queue?.waiting[0]?.kind);
      if (!free) return; // the rest keeps its order and waits for the next to finish
      const worker = queue?.worker ?? free;
      if (isFull(worker)) continue; // its own worker is full, others are not
      this.#ring.delete(peer);
      const task = queue?.waiting.shift();
      if (!queue || !task) continue;
      queue.waitingBytes -= sizeOf(task);
      queue.worker = worker;
      queue.unfinished++;
      if (task.kind === "handshake") queue.isShaking = task.step === 1;
      if (worker.unfinished.size === 0) worker.movedAt = this.#now();
      worker.unfinished.set(task.task, task);
      worker.unfinishedBytes += sizeOf(task);
      worker.link.send(task);
      if (queue.waiting.length > 0) this.#ring.add(peer); // behind all others
    }
  }

  /** Who gets the next one: the worker that was last seen to work, up to a point; for what costs a core, the idlest. */
  #choose(kind: WorkerTask["kind"] | undefined): Worker | undefined {
    let busy: Worker | undefined;
    for (const worker of kind === "request" ? this.#workers.values() : []) {
      if (worker.unfinished.size >= PACKED || isFull(worker) || this.#isStuck(worker)) continue;
      if (!busy || worker.lastFinish > busy.lastFinish) busy = worker;
    }
    return busy ?? this.#idlest();
  }

  /** It has work and finishes none of it: perhaps it was stopped. What it was given waits; others need not. */
  #isStuck({ unfinished, movedAt }: Worker): boolean {
    return unfinished.size > 0 && this.#now() - movedAt > STUCK_AFTER_MS;
  }

  /** The worker that has least to do, if any has room; of equals the one last seen to work; one that is stuck only when all are. */
  #idlest(): Worker | undefined {
    let best: Worker | undefined;
    let bestLoad = Infinity;
    for (const worker of this.#workers.values()) {
      const load = worker.unfinished.size + (this.#isStuck(worker) ? STUCK_LOAD : 0);
      if (isFull(worker) || load > bestLoad) continue;
      if (best && load === bestLoad && worker.lastFinish <= best.lastFinish) continue;
      best = worker;
      bestLoad = load;
    }
    return best;
  }
}

function isFull({ unfinished, unfinishedBytes }: Worker): boolean {
  return unfinished.size >= WORKER_CREDIT || unfinishedBytes >= WORKER_CREDIT_BYTES;
}

function sizeOf(task: NewTask): number {
  return task.kind === "request" ? task.message.length : task.frame.length;
}
