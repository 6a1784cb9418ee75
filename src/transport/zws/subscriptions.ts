/**
 * Who wants what: a flat map, never recursive (table J2).
 *
 * A peer may hold several prefixes and must get each message once. So peers with the same *set* of prefixes form a
 * group, a message is matched against each distinct set, and it is published once to each group that matches. Ten
 * thousand minions that subscribe alike are one group and one comparison.
 *
 * @module
 */

/** Members that hold the same set of prefixes. */
export interface Group<M> {
  /** Unique in its index, never reused. */
  readonly name: string;
  readonly topics: readonly Uint8Array[];
  readonly members: ReadonlySet<M>;
}

/** Where a member was before a change and is after it; undefined when it holds nothing. */
export interface Move<M> {
  readonly from: Group<M> | undefined;
  readonly to: Group<M> | undefined;
}

interface MutableGroup<M> extends Group<M> {
  readonly signature: string;
  readonly members: Set<M>;
}

interface Holding<M> {
  /** Each topic by its bytes as text. */
  readonly topics: Map<string, Uint8Array>;
  group: MutableGroup<M> | undefined;
}

/** All subscriptions of one publisher. */
export class Subscriptions<M> {
  readonly #holdings = new Map<M, Holding<M>>();
  readonly #groups = new Map<string, MutableGroup<M>>();
  #nextGroup = 1;

  /** How many groups there are; a publish costs one comparison of each one's topics. */
  get groupCount(): number {
    return this.#groups.size;
  }

  /** How many topics `member` holds. */
  count(member: M): number {
    return this.#holdings.get(member)?.topics.size ?? 0;
  }

  has(member: M, topic: Uint8Array): boolean {
    return this.#holdings.get(member)?.topics.has(keyOf(topic)) ?? false;
  }

  /** Adding a topic twice is adding it once. */
  add(member: M, topic: Uint8Array): Move<M> {
    let holding = this.#holdings.get(member);
    if (!holding) this.#holdings.set(member, holding = { topics: new Map(), group: undefined });
    holding.topics.set(keyOf(topic), topic.slice()); // a view would keep the whole message alive
    return this.#regroup(member, holding);
  }

  remove(member: M, topic: Uint8Array): Move<M> {
    const holding = this.#holdings.get(member);
    if (!holding) return { from: undefined, to: undefined };
    holding.topics.delete(keyOf(topic));
    return this.#regroup(member, holding);
  }

  /** Forgets all that `member` holds. */
  forget(member: M): void {
    const holding = this.#holdings.get(member);
    if (!holding) return;
    holding.topics.clear();
    this.#regroup(member, holding);
  }

  /** The groups that hold a prefix of `frame`. No member is in two of them. */
  matching(frame: Uint8Array): Group<M>[] {
    const groups: Group<M>[] = [];
    for (const group of this.#groups.values()) {
      if (group.topics.some((topic) => startsWith(frame, topic))) groups.push(group);
    }
    return groups;
  }

  #regroup(member: M, holding: Holding<M>): Move<M> {
    const from = holding.group;
    const signature = signatureOf(holding.topics);
    if (from?.signature === signature) return { from, to: from };
    if (from) {
      from.members.delete(member);
      if (from.members.size === 0) this.#groups.delete(from.signature);
    }
    if (holding.topics.size === 0) {
      this.#holdings.delete(member);
      return { from, to: undefined };
    }
    const to = this.#groups.get(signature) ?? this.#open(signature, holding);
    to.members.add(member);
    holding.group = to;
    return { from, to };
  }

  #open(signature: string, holding: Holding<M>): MutableGroup<M> {
    const topics = [...holding.topics.values()];
    const group = { name: `group-${this.#nextGroup++}`, signature, topics, members: new Set<M>() };
    this.#groups.set(signature, group);
    return group;
  }
}

/** Whether `frame` begins with `topic`. */
export function startsWith(frame: Uint8Array, topic: Uint8Array): boolean {
  if (topic.length > frame.length) return false;
  for (let at = 0; at < topic.length; at++) if (frame[at] !== topic[at]) return false;
  return true;
}

/** Bytes as text, one character each: what a Map can compare. Topics are short (`maxTopicBytes`). */
function keyOf(topic: Uint8Array): string {
  let key = "";
  for (const byte of topic) key += String.fromCharCode(byte);
  return key;
}

/** The same for the same set, whatever the order; lengths keep ["a","b"] and ["ab"] apart. */
function signatureOf(topics: ReadonlyMap<string, Uint8Array>): string {
  return [...topics.keys()].sort().map((key) => `${key.length}:${key}`).join("");
}
