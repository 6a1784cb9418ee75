/**
 * Who wants which events. Subscriptions of the form `some/path/*` are found by the tag's own path, whatever their
 * number; the others are tried one by one.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { compileGlob } from "../target/glob.ts";
import type { BusEvent } from "../wire/operator_messages.ts";

/** Globs of one listener that are tried one by one; beyond this the oldest gives way. */
export const MAX_GLOBS = 64;

/** Paths of one listener, such as one for each of its jobs; beyond this the oldest gives way. */
export const MAX_PATHS = 4_096;

/** Somebody who is told of events. */
export interface Listener {
  take(event: BusEvent): void;
}

interface Holding {
  readonly paths: Set<string>;
  readonly globs: Set<string>;
}

/** All subscriptions of the bus. */
export class EventSubscriptions {
  readonly #holdings = new Map<Listener, Holding>();
  readonly #byPath = new Map<string, Set<Listener>>();
  readonly #byGlob = new Map<string, { matches: (tag: string) => boolean; listeners: Set<Listener> }>();

  /** How many different globs and paths are subscribed to. */
  get size(): number {
    return this.#byPath.size + this.#byGlob.size;
  }

  /** Subscribes. Says which older glob had to give way, if one had to. */
  add(glob: string, listener: Listener): string | undefined {
    const holding = this.#holdings.get(listener) ?? { paths: new Set(), globs: new Set() };
    this.#holdings.set(listener, holding);
    const path = pathOf(glob);
    if (path === undefined) this.#listenersOf(glob).add(listener);
    else this.#byPath.set(path, (this.#byPath.get(path) ?? new Set()).add(listener));

    const own = path === undefined ? holding.globs : holding.paths;
    own.delete(glob); // asked for again: the newest
    own.add(glob);
    const [oldest] = own;
    if (own.size <= (path === undefined ? MAX_GLOBS : MAX_PATHS) || oldest === undefined) return undefined;
    own.delete(oldest);
    this.#drop(oldest, listener);
    return oldest;
  }

  remove(listener: Listener): void {
    const holding = this.#holdings.get(listener);
    this.#holdings.delete(listener);
    for (const glob of [...holding?.paths ?? [], ...holding?.globs ?? []]) this.#drop(glob, listener);
  }

  /** Whether anybody subscribed to this very path, such as `brine/job/<jid>/`. */
  hasPath(path: string): boolean {
    return this.#byPath.has(path);
  }

  /** Everybody whose subscriptions match, each once. */
  of(tag: string): Set<Listener> {
    const found = new Set<Listener>();
    for (let slash = tag.indexOf("/"); slash !== -1; slash = tag.indexOf("/", slash + 1)) {
      for (const listener of this.#byPath.get(tag.slice(0, slash + 1)) ?? []) found.add(listener);
    }
    for (const { matches, listeners } of this.#byGlob.values()) {
      if (matches(tag)) { for (const listener of listeners) found.add(listener); }
    }
    return found;
  }

  #listenersOf(glob: string): Set<Listener> {
    const entry = this.#byGlob.get(glob) ?? { matches: compileTagGlob(glob), listeners: new Set() };
    this.#byGlob.set(glob, entry);
    return entry.listeners;
  }

  #drop(glob: string, listener: Listener): void {
    const path = pathOf(glob);
    const listeners = path === undefined ? this.#byGlob.get(glob)?.listeners : this.#byPath.get(path);
    listeners?.delete(listener);
    if (listeners?.size !== 0) return;
    if (path === undefined) this.#byGlob.delete(glob);
    else this.#byPath.delete(path);
  }
}

/** Whether a tag matches; a `UsageError` when `glob` is none. */
function compileTagGlob(glob: string): (tag: string) => boolean {
  return compileGlob(glob, (state) => new UsageError(`Cannot read tag glob "${glob}": ${state}`));
}

/** `some/path/` for `some/path/*`; undefined for globs of other forms. */
export function pathOf(glob: string): string | undefined {
  const path = glob.slice(0, -1);
  return glob.endsWith("/*") && !/[*?[\]{}]/.test(path) ? path : undefined;
}
