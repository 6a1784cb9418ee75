/**
 * What an operator's client and the master say to each other on 4506: numbered requests, one reply to each, and
 * events for those that it subscribed to.
 *
 * @module
 */
import * as v from "valibot";
import { encode, messageReader } from "./codec.ts";
import * as f from "./fields.ts";

const request = { request: f.natural };
const role = v.picklist(["minion", "operator"]);

const fromOperator = {
  /** Run a function; its returns follow as events of the job. */
  run: v.strictObject({
    kind: v.literal("run"),
    ...request,
    target: f.target,
    ...f.call,
    /** How long the job may wait to be started. */
    ttlMs: f.lifetime,
    /** Who would be meant, and no more. */
    preview: v.boolean(),
  }),
  /** Everybody who has an accepted key: up or down, since when, version. */
  minions: v.strictObject({ kind: v.literal("minions"), ...request }),
  /** Keys of both roles, by state. */
  keys: v.strictObject({ kind: v.literal("keys"), ...request }),
  /** Accept, reject or delete the keys that the globs name. */
  key_change: v.strictObject({
    kind: v.literal("key_change"),
    ...request,
    change: v.picklist(["accept", "reject", "delete"]),
    role,
    globs: v.pipe(v.array(f.shortText), v.maxLength(10_000)),
  }),
  /** Make an enrolment token. */
  token: v.strictObject({
    kind: v.literal("token"),
    ...request,
    ttlMs: f.lifetime,
    uses: v.pipe(f.natural, v.minValue(1), v.maxValue(1_000_000)),
  }),
  /** The newest jobs. */
  jobs: v.strictObject({ kind: v.literal("jobs"), ...request, limit: v.pipe(f.natural, v.maxValue(10_000)) }),
  /** One job and all its returns; those after it follow as events if `follow`. */
  job: v.strictObject({ kind: v.literal("job"), ...request, jid: f.jid, follow: v.boolean() }),
  /** Kill a job wherever it runs. */
  job_kill: v.strictObject({ kind: v.literal("job_kill"), ...request, jid: f.jid }),
  /** A piece of a return that was too large for an event. */
  body: v.strictObject({ kind: v.literal("body"), ...request, jid: f.jid, minion: f.id, offset: f.natural }),
  /** Hear the events whose tag matches. */
  subscribe: v.strictObject({ kind: v.literal("subscribe"), ...request, glob: f.shortText }),
};

/** A request of an operator. */
export type FromOperator = { [K in keyof typeof fromOperator]: v.InferOutput<(typeof fromOperator)[K]> }[
  keyof typeof fromOperator
];

/** Its kinds, for tables that the compiler completes. */
export type FromOperatorKind = FromOperator["kind"];

/** The kinds at run time, for the tests that go through all of them. */
export const FROM_OPERATOR_KINDS = Object.keys(fromOperator) as readonly FromOperatorKind[];

/** Reads an operator's request; `ProtocolError` for everything else. */
export const readFromOperator: (bytes: Uint8Array) => FromOperator = messageReader("operator's request", fromOperator);

/** One return as it is told to a client. */
const returned = v.strictObject({
  minion: f.id,
  retcode: v.number(),
  success: v.boolean(),
  startedAt: f.milliseconds,
  durationMs: f.milliseconds,
  sizeBytes: f.natural,
  /** Absent when it is large: ask with `body`. */
  body: v.exactOptional(f.bytes),
});

/** One minion's place in a job's ledger. */
const place = v.strictObject({ state: f.ledgerState, since: f.milliseconds });

const keyEntry = v.strictObject({ id: f.id, fingerprint: f.shortText, since: f.milliseconds });
const keyStates = v.strictObject({
  accepted: v.array(keyEntry),
  pending: v.array(keyEntry),
  rejected: v.array(keyEntry),
});

const jobHead = v.strictObject({
  jid: f.jid,
  target: f.target,
  ...f.call,
  operator: f.id,
  createdAt: f.milliseconds,
  expectedCount: f.natural,
  returnedCount: f.natural,
});

/** What each request is answered with. */
export const replies = {
  run: v.strictObject({
    jid: v.exactOptional(f.jid),
    expected: v.array(f.id),
    /** Those that are not connected now, with the time they were last seen (0: never). */
    unreachable: f.mapOf(f.milliseconds),
  }),
  minions: v.array(
    v.strictObject({
      id: f.id,
      isUp: v.boolean(),
      /** Since when it is up or down; 0: never seen. */
      since: f.milliseconds,
      version: f.shortText,
      address: f.shortText,
    }),
  ),
  keys: v.strictObject({ master: f.shortText, minions: keyStates, operators: keyStates }),
  key_change: v.strictObject({ changed: v.array(f.id) }),
  token: v.strictObject({ token: f.shortText }),
  jobs: v.array(jobHead),
  job: v.strictObject({
    head: jobHead,
    expected: v.array(f.id),
    returns: v.array(returned),
    places: f.mapOf(place),
  }),
  job_kill: v.strictObject({ asked: v.array(f.id) }),
  body: v.strictObject({ sizeBytes: f.natural, data: f.bytes }),
  subscribe: v.strictObject({}),
} satisfies Record<FromOperatorKind, v.GenericSchema>;

/** The value that a request of kind `K` is answered with. */
export type ReplyTo<K extends FromOperatorKind> = v.InferOutput<(typeof replies)[K]>;

/** One event of the bus. */
export const event = v.strictObject({
  sequence: f.natural,
  tag: f.tag,
  at: f.milliseconds,
  data: f.anyMap,
});

const toOperator = {
  /** The answer to a request; `value` is what `replies` says for its kind. */
  reply: v.strictObject({ kind: v.literal("reply"), ...request, value: v.unknown() }),
  /** The request was understood and refused. */
  refused: v.strictObject({
    kind: v.literal("refused"),
    ...request,
    /** usage: it can never work as asked. forbidden: not this operator. absent: nothing of that name. failed: our fault. */
    why: v.picklist(["usage", "forbidden", "absent", "failed"]),
    reason: f.longText,
  }),
  /** Events, in order; `missed` counts those that were dropped before them because this client was slow. */
  events: v.strictObject({
    kind: v.literal("events"),
    missed: f.natural,
    events: v.pipe(v.array(event), v.maxLength(65_536)),
  }),
  /** This operator's key is not accepted (yet). */
  denied: v.strictObject({ kind: v.literal("denied"), reason: f.shortText }),
  /** Requests may follow. */
  accepted: v.strictObject({ kind: v.literal("accepted"), version: f.shortText }),
};

/** A message to an operator. */
export type ToOperator = { [K in keyof typeof toOperator]: v.InferOutput<(typeof toOperator)[K]> }[
  keyof typeof toOperator
];

/** Why a request was refused. */
export type Refusal = Extract<ToOperator, { kind: "refused" }>["why"];

/** An event of the bus. */
export type BusEvent = v.InferOutput<typeof event>;

/** One return as it is told to a client. */
export type ReturnedWire = v.InferOutput<typeof returned>;

/** The data of a `brine/job/<jid>/ret/<id>` event. */
export const returnedEvent = returned;

/** The kinds at run time. */
export const TO_OPERATOR_KINDS = Object.keys(toOperator) as readonly ToOperator["kind"][];

/** Reads a message of the master. */
export const readToOperator: (bytes: Uint8Array) => ToOperator = messageReader("master's message", toOperator);

/** Writes a message in either direction. */
export function encodeOperatorMessage(message: FromOperator | ToOperator): Uint8Array {
  return encode(message);
}
