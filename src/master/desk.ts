/**
 * What a worker's handlers work with: the store, who is there, and the ways out to the other roles.
 *
 * @module
 */
import type { MasterConfig } from "../config/master_config.ts";
import type { Clock } from "../core/clock.ts";
import type { Jid } from "../core/jid.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../store/store.ts";
import type { ToMinion } from "../wire/minion_messages.ts";
import type { GroupCommit } from "./group_commit.ts";
import type { Link, PeerNumber, ToEvents, ToPublisher, ToQueue } from "./link.ts";
import type { Presence } from "./presence.ts";

/** A worker's desk. */
export interface Desk {
  readonly config: MasterConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly store: Store;
  readonly presence: Presence;
  readonly commit: GroupCommit;
  readonly queue: Link<ToQueue>;
  readonly publisher: Link<ToPublisher>;
  readonly events: Link<ToEvents>;
  /** The ids that a job expects, kept for the jobs of the moment. */
  readonly expectedOf: (jid: Jid) => ReadonlySet<string>;
  /** The master's own fingerprint. */
  readonly fingerprint: string;
  emit(tag: string, data: Readonly<Record<string, unknown>>): void;
  toMinion(peer: PeerNumber, message: ToMinion): void;
  /** The return to this job is committed, or nobody wants it: the minion may forget it. */
  acknowledge(peer: PeerNumber, jid: Jid): void;
}

/** Who sent a message: set by the front from the handshake, never by the peer. */
export interface Sender {
  /** Names the request and no other, also after a restart. */
  readonly key: string;
  /** Another worker had this request before and died: any part of it may have been done. */
  readonly isRepeated: boolean;
  readonly peer: PeerNumber;
  readonly id: string;
}
