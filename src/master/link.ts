/**
 * How roles talk. Four of them are hubs to which the others connect; a link carries typed messages both ways, in
 * order. Nothing here says whether a link stays inside one process or crosses between two: messages are plain data.
 *
 * @module
 */
import type { KeyRole, Standing } from "../store/key_store.ts";
import type { LogRecord } from "../core/log.ts";
import type { BusEvent } from "../wire/operator_messages.ts";
import type { Epoch } from "../wire/minion_messages.ts";

/** A connection of MWorkerQueue's, by its number. */
export type PeerNumber = number;

/**
 * "joining": welcomed, but its subscription to jobs, or what it says of itself, is still on its way. "up": both are
 * there, so a job reaches it, and targets by grains know it.
 */
export type PresenceState = "joining" | "up" | "down";

/** From the roles behind MWorkerQueue to it. */
export type ToQueue =
  /** A worker is ready for work. */
  | { readonly kind: "work" }
  /** A worker has done with these. */
  | { readonly kind: "finished"; readonly tasks: readonly number[] }
  /** An operator's request of the master itself, under this name; the answer comes back over the link. */
  | { readonly kind: "request"; readonly id: string; readonly message: Uint8Array }
  /** From now on this client hears the events whose tag matches. */
  | { readonly kind: "subscribe"; readonly peer: PeerNumber; readonly globs: readonly string[] }
  /** The next handshake frame for a peer. */
  | { readonly kind: "handshake"; readonly peer: PeerNumber; readonly frame: Uint8Array }
  /** The handshake is over: here are the keys, and how the peer stands. */
  | {
    readonly kind: "session";
    readonly peer: PeerNumber;
    readonly sendKey: Uint8Array;
    readonly receiveKey: Uint8Array;
    readonly role: KeyRole;
    readonly id: string;
    readonly keyId: Uint8Array;
    readonly standing: Standing;
    /** For "rejected": why, in words for the peer. */
    readonly reason: string;
  }
  /** End this connection; `frame`, if there is one, goes out before. */
  | {
    readonly kind: "end";
    readonly peer: PeerNumber;
    readonly reason: string;
    readonly frame?: Uint8Array;
  }
  /** Seal and send to this connection. */
  | { readonly kind: "to_peer"; readonly peer: PeerNumber; readonly message: Uint8Array }
  /** Seal and send to the minion of this id, if it is connected. */
  | { readonly kind: "to_minion"; readonly id: string; readonly message: Uint8Array }
  /** A key was accepted, rejected or deleted. */
  | {
    readonly kind: "standing";
    readonly role: KeyRole;
    readonly keyId: Uint8Array;
    readonly standing: "accepted" | "rejected" | "deleted";
  }
  /**
   * These minions' keys may hear nothing more: to be handed on to the publisher, now that their standing is known
   * here, so that the next epoch's key finds none of them.
   */
  | { readonly kind: "expel"; readonly keyIds: readonly Uint8Array[] }
  /** A minion needs a new ticket. */
  | { readonly kind: "welcome"; readonly peer: PeerNumber }
  /** What the minion on this connection said of itself is kept. */
  | { readonly kind: "known"; readonly peer: PeerNumber }
  /** From the publisher: what minions must know to hear it. */
  | {
    readonly kind: "publishing";
    readonly publishPort: number;
    readonly epochs: readonly Epoch[];
    readonly ticketKey: Uint8Array;
  }
  /** From the publisher: the minion with this key hears jobs now, or no longer. */
  | { readonly kind: "hearing"; readonly keyId: Uint8Array; readonly isHearing: boolean };

/** From MWorkerQueue to the roles behind it. */
export type FromQueue =
  /** A frame of a peer that is not authenticated. */
  | {
    readonly kind: "handshake";
    readonly task: number;
    readonly isRepeated: boolean;
    readonly peer: PeerNumber;
    readonly address: string;
    readonly step: 1 | 2;
    readonly frame: Uint8Array;
  }
  /** A peer has gone before it was authenticated. */
  | { readonly kind: "gone"; readonly peer: PeerNumber }
  /** A message of an accepted peer, opened. */
  | {
    readonly kind: "request";
    /** To be named in "finished". */
    readonly task: number;
    /** Another worker was given this before and died: it may have done any part of it. */
    readonly isRepeated: boolean;
    /** Names this request and no other, also after a restart. */
    readonly key: string;
    readonly peer: PeerNumber;
    readonly role: KeyRole;
    readonly id: string;
    readonly message: Uint8Array;
  }
  /** A minion came or went. One worker is told to write it down. */
  | {
    readonly kind: "presence";
    readonly id: string;
    readonly state: PresenceState;
    readonly at: number;
    readonly address: string;
    readonly isToRecord: boolean;
  }
  /** For the publisher: these keys hear nothing more, and the next epoch begins. */
  | { readonly kind: "expel"; readonly keyIds: readonly Uint8Array[] }
  /** The answer to a request of the master itself. */
  | { readonly kind: "reply"; readonly message: Uint8Array };

/** From the workers and Maintenance to ZeroMQPubServerChannel. */
export type ToPublisher =
  /** Number, seal, sign and publish this. */
  | { readonly kind: "publish"; readonly plain: Uint8Array }
  /** The next epoch begins. */
  | { readonly kind: "rotate" };

/** From every role to EventPublisher. */
export type ToEvents =
  /** Something happened. */
  | { readonly kind: "emit"; readonly tag: string; readonly data: Readonly<Record<string, unknown>> }
  /** The link itself wants events whose tag matches. */
  | { readonly kind: "listen"; readonly glob: string }
  /** A client on 4506 wants them. */
  | { readonly kind: "subscribe"; readonly peer: PeerNumber; readonly globs: readonly string[] }
  /** MWorkerQueue is there, and these are all its clients that want any. */
  | {
    readonly kind: "clients";
    readonly clients: readonly { readonly peer: PeerNumber; readonly globs: readonly string[] }[];
  }
  /** That client has gone. */
  | { readonly kind: "gone"; readonly peer: PeerNumber };

/** From EventPublisher to a link that listens. */
export type FromEvents = { readonly kind: "event"; readonly event: BusEvent };

/** What each hub hears and says. */
export interface HubMessages {
  readonly MWorkerQueue: { readonly in: ToQueue; readonly out: FromQueue };
  readonly ZeroMQPubServerChannel: { readonly in: ToPublisher; readonly out: never };
  readonly EventPublisher: { readonly in: ToEvents; readonly out: FromEvents };
  readonly MultiprocessingLoggingQueue: { readonly in: LogRecord; readonly out: never };
}

/** The roles that others connect to. */
export type Hub = keyof HubMessages;

/** One end of a link. Sending never waits; messages arrive in order, or not at all once the other end has gone. */
export interface Link<Out> extends Disposable {
  send(message: Out): void;
}

/** A hub's end of a new link: says what to do with what arrives, and with the end of it. */
export interface LinkListener<In> {
  receive(message: In): void;
  closed(): void;
}

/** Where hubs are found. */
export interface Exchange {
  /** Opens a hub; `onLink` is called for every role that connects, and again when it comes back. */
  serve<H extends Hub>(
    hub: H,
    onLink: (link: Link<HubMessages[H]["out"]>) => LinkListener<HubMessages[H]["in"]>,
  ): Promise<AsyncDisposable>;
  /**
   * Connects to a hub, which may come up later, or die and come back: what is sent before waits. `onConnect` is called
   * each time that it is there; what it sends arrives before all that waits.
   */
  connect<H extends Hub>(
    hub: H,
    receive: (message: HubMessages[H]["out"]) => void,
    onConnect?: () => void,
  ): Link<HubMessages[H]["in"]>;
}
