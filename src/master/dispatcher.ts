/**
 * The device between the ROUTER in front and the workers behind: which request goes to which worker, and when.
 *
 * - Fair: peers take turns, one request each. A peer that floods waits for itself only.
 * - In order: while a worker has something of a peer, it gets that peer's next request too.
 * - Bounded: a worker holds {@link WORKER_CREDIT} requests that it has not finished, a peer {@link MAX_WAITING} that
 *   wait. Beyond that `offer` says false, and the connection is ended with a reason.
 * - Nothing is lost with a worker: what it had not finished goes to another one, marked as a repetition.
 *
 * @module
 */
import type { FromQueue, Link, PeerNumber } from "./link.ts";

/** Unfinished requests that one worker may hold: enough for large commits. */
export const WORKER_CREDIT = 256;

/** Requests of one peer that may wait for their turn. */
export const MAX_WAITING = 4_096;

/** What goes to a worker on behalf of a peer. */
export type WorkerTask = Extract<FromQueue, { kind: "request" | "handshake" }>;

/** A task without what the dispatcher adds. */
export type NewTask = WorkerTask extends infer T ? T extends WorkerTask ? Omit<T, "task" | "isRepeated"> : never
  : never;

interface Worker {
  readonly link: Link<FromQueue>;
  /** What it has not finished, by number. */
  readonly unfinished: Map<number, WorkerTask>;
}

interface PeerQueue {
  readonly waiting: WorkerTask[];
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
  #last = 0;

  /** The workers' links. */
  get workers(): Iterable<Link<FromQueue>> {
    return this.#workers.keys();
  }

  /** A worker is ready for work. */
  addWorker(link: Link<FromQueue>): void {
    if (!this.#workers.has(link)) this.#workers.set(link, { link, unfinished: new Map() });
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
      if (task.kind === "handshake") queue.isShaking = true; // half of one, whichever half it was
      else queue.waiting.unshift({ ...task, isRepeated: true });
    }
    for (const [peer, queue] of this.#peers) {
      if (queue.worker !== worker) continue;
      if (queue.isShaking) broken.push(peer);
      queue.worker = undefined;
      queue.unfinished = 0;
      if (queue.waiting.length > 0) this.#ring.add(peer);
      else this.#peers.delete(peer);
    }
    this.#dispatch();
    return broken;
  }

  /** Takes a request; false when too many of this peer wait already. */
  offer(task: NewTask): boolean {
    let queue = this.#peers.get(task.peer);
    if (!queue) this.#peers.set(task.peer, queue = { waiting: [], worker: undefined, unfinished: 0, isShaking: false });
    if (queue.waiting.length >= MAX_WAITING) return false;
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
      const queue = this.#peers.get(task.peer);
      if (!queue || --queue.unfinished > 0 || queue.isShaking) continue;
      queue.worker = undefined;
      if (queue.waiting.length === 0) this.#peers.delete(task.peer);
    }
    this.#dispatch();
  }

  /** A peer has gone: what waits of it is still done, for a return that arrived counts; its turn stays. */
  forget(peer: PeerNumber): void {
    const queue = this.#peers.get(peer);
    if (!queue) return;
    queue.isShaking = false;
    if (queue.waiting.length === 0 && queue.unfinished === 0) this.#peers.delete(peer);
  }

  #dispatch(): void {
    let idlest = this.#idlest();
    for (const peer of this.#ring) {
      if (!idlest) return; // the rest keeps its order and waits for the next to finish
      const queue = this.#peers.get(peer);
      const worker = queue?.worker ?? idlest;
      if (worker.unfinished.size >= WORKER_CREDIT) continue; // its own worker is full, others are not
      this.#ring.delete(peer);
      const task = queue?.waiting.shift();
      if (!queue || !task) continue;
      queue.worker = worker;
      queue.unfinished++;
      if (task.kind === "handshake") queue.isShaking = task.step === 1;
      worker.unfinished.set(task.task, task);
      worker.link.send(task);
      if (queue.waiting.length > 0) this.#ring.add(peer); // behind all others
      idlest = this.#idlest();
    }
  }

  /** The worker that has least to do, if any has room. */
  #idlest(): Worker | undefined {
    let best: Worker | undefined;
    for (const worker of this.#workers.values()) {
      if (!best || worker.unfinished.size < best.unfinished.size) best = worker;
    }
    return best && best.unfinished.size < WORKER_CREDIT ? best : undefined;
  }
}
