/**
 * One message of each kind, with every field filled in. The types make a kind that has no sample an error.
 *
 * @module
 */
import { parseJid } from "../../src/core/jid.ts";
import {
  encodeMinionMessage,
  type FromMinion,
  readFromMinion,
  readToMinion,
  type ToMinion,
} from "../../src/wire/minion_messages.ts";
import {
  encodeOperatorMessage,
  type FromOperator,
  type FromOperatorKind,
  readFromOperator,
  readToOperator,
  replies,
  type ReplyTo,
  type ToOperator,
} from "../../src/wire/operator_messages.ts";
import { decodeAs, encode } from "../../src/wire/codec.ts";
import { encodePublished, type Published, readPublished } from "../../src/wire/publish.ts";

type Samples<Union extends { kind: string }> = { [K in Union["kind"]]: Extract<Union, { kind: K }> };

const jid = parseJid("20261123071833123-k3f9a2");
const at = Date.UTC(2026, 10, 23, 7, 18, 33, 123);
const bytes = (sizeBytes: number) => Uint8Array.from({ length: sizeBytes }, (_, index) => index);
const call = { function: "cmd.run", arguments: ["echo hi", 7, null], named: { cwd: "/tmp", timeout: 1.5 } };
const target = { kind: "grain", expression: "os:Debian", delimiter: ":" } as const;
const returned = { minion: "web01", retcode: 0, success: true, startedAt: at, durationMs: 12.5, sizeBytes: 3 };
const head = { jid, target, ...call, operator: "root", createdAt: at, expectedCount: 2, returnedCount: 1 };
const key = { id: "web01", fingerprint: "7k2m-0000", since: at };
const keyStates = { accepted: [key], pending: [], rejected: [key] };
const epochs = [{ number: 3, key: bytes(32) }];
const request = 41;

export const fromMinion: Samples<FromMinion> = {
  ready: { kind: "ready", id: "web01", version: "0.1.0", grains: { os: "Debian", num_cpus: 4, ipv4: ["10.0.0.1"] } },
  running: { kind: "running", id: "web01", jids: [jid] },
  return: {
    kind: "return",
    id: "web01",
    jid,
    retcode: -1,
    success: false,
    startedAt: at,
    durationMs: 12.5,
    sizeBytes: 3,
    hash: bytes(32),
    body: bytes(3),
  },
  chunk: { kind: "chunk", id: "web01", jid, offset: 524_288, data: bytes(5) },
  event: { kind: "event", id: "web01", tag: "disk/full", data: { mount: "/" } },
  ticket: { kind: "ticket", id: "web01" },
};

export const toMinion: Samples<ToMinion> = {
  pending: { kind: "pending" },
  rejected: { kind: "rejected", reason: "its key was rejected on the master" },
  welcome: { kind: "welcome", publishPort: 4505, ticket: bytes(62), epochs, heartbeatMs: 10_000 },
  epochs: { kind: "epochs", epochs },
  want: { kind: "want", jid, offset: 1_048_576 },
  stored: { kind: "stored", jids: [jid] },
  kill: { kind: "kill", jid },
};

export const fromOperator: Samples<FromOperator> = {
  run: { kind: "run", request, target, ...call, ttlMs: 60_000, preview: false },
  minions: { kind: "minions", request },
  keys: { kind: "keys", request },
  key_change: { kind: "key_change", request, change: "accept", role: "minion", globs: ["web*"] },
  token: { kind: "token", request, ttlMs: 3_600_000, uses: 1 },
  jobs: { kind: "jobs", request, limit: 20 },
  job: { kind: "job", request, jid, follow: true },
  job_kill: { kind: "job_kill", request, jid },
  body: { kind: "body", request, jid, minion: "web01", offset: 262_144 },
  subscribe: { kind: "subscribe", request, glob: "brine/job/*" },
};

export const toOperator: Samples<ToOperator> = {
  reply: { kind: "reply", request, value: { changed: ["web01"] } },
  refused: { kind: "refused", request, why: "absent", reason: "No minion matches" },
  events: { kind: "events", missed: 2, events: [{ sequence: 9, tag: "brine/auth", at, data: { id: "web01" } }] },
  denied: { kind: "denied", reason: "its key waits" },
  accepted: { kind: "accepted", version: "0.1.0" },
};

export const published: Samples<Published> = {
  job: { kind: "job", jid, target, ...call, operator: "root", createdAt: at, expiresAt: at + 60_000 },
  beat: { kind: "beat", at },
};

export const replySamples: { [K in FromOperatorKind]: ReplyTo<K> } = {
  run: { jid, expected: ["web01", "web02"], unreachable: { web02: 0 } },
  minions: [{ id: "web01", isUp: true, since: at, version: "0.1.0", address: "10.0.0.1" }],
  keys: { master: "7k2m-0000", minions: keyStates, operators: keyStates },
  key_change: { changed: ["web01"] },
  token: { token: "00ff" },
  jobs: [head],
  job: {
    head,
    expected: ["web01", "web02"],
    returns: [{ ...returned, body: bytes(3) }],
    places: { web02: { state: "unreachable", since: at } },
  },
  job_kill: { asked: ["web01"] },
  body: { sizeBytes: 3, data: bytes(3) },
  subscribe: {},
};

/** A reader with a message of each kind that it takes. */
export interface Union {
  readonly name: string;
  readonly read: (bytes: Uint8Array) => unknown;
  readonly encode: (message: never) => Uint8Array;
  readonly samples: Readonly<Record<string, { readonly kind: string }>>;
}

export const unions: readonly Union[] = [
  { name: "from_minion", read: readFromMinion, encode: encodeMinionMessage, samples: fromMinion },
  { name: "to_minion", read: readToMinion, encode: encodeMinionMessage, samples: toMinion },
  { name: "from_operator", read: readFromOperator, encode: encodeOperatorMessage, samples: fromOperator },
  { name: "to_operator", read: readToOperator, encode: encodeOperatorMessage, samples: toOperator },
  { name: "published", read: readPublished, encode: encodePublished, samples: published },
];

/** Everything that can be on the wire: a name, the bytes, and what reads them. */
export interface Case {
  readonly name: string;
  readonly value: unknown;
  readonly bytes: Uint8Array;
  readonly read: (bytes: Uint8Array) => unknown;
}

export const cases: readonly Case[] = [
  ...unions.flatMap(({ name, read, encode, samples }) =>
    Object.entries(samples).map(([kind, value]) => ({
      name: `${name}.${kind}`,
      value,
      bytes: encode(value as never),
      read,
    }))
  ),
  ...Object.entries(replySamples).map(([kind, value]) => ({
    name: `reply.${kind}`,
    value,
    bytes: encode(value),
    read: (data: Uint8Array) => decodeAs("reply", replies[kind as FromOperatorKind], data),
  })),
];
