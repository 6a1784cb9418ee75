/** Tests of who hears jobs on 4505. @module */
import assert from "node:assert/strict";
import { issueTicket } from "../../src/crypto/ticket.ts";
import { Audience } from "../../src/master/audience.ts";
import type { Peer } from "../../src/transport/transport.ts";
import { JOB_TOPIC } from "../../src/wire/publish.ts";
import { test } from "../kit/test.ts";

/** A connection on 4505. */
class FakePeer implements Peer {
  static #last = 0;
  readonly number = ++FakePeer.#last;
  readonly address = "10.0.0.1";
  readonly end = new AbortController();
  readonly closed = this.end.signal;
}

function audienceWorld() {
  const events: string[] = [];
  const peers = new Map<Peer, string>();
  const name = (peer: Peer) => peers.get(peer) ?? "?";
  let now = 1_000;
  const audience = new Audience({
    now: () => now,
    admit: (peer) => void events.push(`admit ${name(peer)}`),
    disconnect: (peer) => {
      events.push(`disconnect ${name(peer)}`);
      (peer as FakePeer).end.abort();
    },
    onHearing: ([key], isHearing) => void events.push(`${key} ${isHearing}`),
  });
  const peer = (text: string) => {
    const made = new FakePeer();
    peers.set(made, text);
    return made;
  };
  const ticket = (key: number, expiresAt = 2_000) =>
    issueTicket(audience.ticketKey, { keyId: new Uint8Array(32).fill(key), expiresAt });
  return { audience, events, peer, ticket, setNow: (to: number) => now = to };
}

test("Audience lets in who shows a ticket first, then lets it hear jobs and nothing else", () => {
  const { audience, events, peer, ticket } = audienceWorld();
  const one = peer("one");
  assert.equal(audience.judge(one, JOB_TOPIC), "refuse");
  assert.equal(audience.judge(one, new Uint8Array(62)), "refuse");
  assert.equal(audience.judge(one, ticket(1)), "consume");
  assert.equal(audience.judge(one, new Uint8Array(0)), "refuse");
  assert.equal(audience.judge(one, JOB_TOPIC), "subscribe");
  assert.equal(audience.judge(one, JOB_TOPIC), "refuse");
  one.end.abort();
  assert.deepEqual(events, ["admit one", "1 true", "1 false"]);
});

test("Audience keeps one connection a key: the newer puts the older out, whose late end changes nothing", () => {
  const { audience, events, peer, ticket } = audienceWorld();
  const [old, fresh] = [peer("old"), peer("new")];
  audience.judge(old, ticket(1));
  audience.judge(old, JOB_TOPIC);
  assert.equal(audience.judge(fresh, ticket(1, 2_001)), "consume");
  audience.judge(fresh, JOB_TOPIC);
  old.end.abort();
  assert.deepEqual(events, ["admit old", "1 true", "disconnect old", "1 false", "admit new", "1 true"]);
});

test("T14: Audience takes each ticket once, until its last millisecond, and none after an expulsion", () => {
  const { audience, events, peer, ticket, setNow } = audienceWorld();
  const shown = ticket(1);
  assert.equal(audience.judge(peer("one"), shown), "consume");
  assert.equal(audience.judge(peer("thief"), shown), "refuse");
  setNow(2_000);
  assert.equal(audience.judge(peer("two"), ticket(2)), "consume");
  setNow(2_001);
  assert.equal(audience.judge(peer("late"), ticket(3)), "refuse");
  const unused = ticket(4, 9_000);
  audience.expel([new Uint8Array(32).fill(1), new Uint8Array(32).fill(9)]);
  assert.equal(audience.judge(peer("four"), unused), "refuse");
  assert.equal(audience.judge(peer("four again"), ticket(4, 9_000)), "consume");
  assert.deepEqual(events, ["admit one", "admit two", "disconnect one", "admit four again"]);
});
