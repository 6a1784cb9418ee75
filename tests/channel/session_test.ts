import assert from "node:assert/strict";
import fc from "fast-check";
import { HEARTBEAT, Session } from "../../src/channel/session.ts";
import { utf8 } from "../../src/core/bytes.ts";
import { ProtocolError } from "../../src/core/errors.ts";
import { bitFlipsOf } from "../crypto/kit.ts";
import { test } from "../kit/test.ts";
import { shakeHands } from "./kit.ts";

function pair(): { client: Session; server: Session } {
  const { split, authenticated } = shakeHands();
  return { client: new Session(split), server: new Session(authenticated.split) };
}

test("a Session opens what the other side sealed, in order and in both directions", () => {
  const { client, server } = pair();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 100 })), { maxLength: 10 }), (messages) => {
      for (const [isFromClient, message] of messages) {
        const [from, to] = isFromClient ? [client, server] : [server, client];
        assert.deepEqual(to.open(from.seal(message)), message);
      }
    }),
    { numRuns: 30 },
  );
});

test("a Session carries a heartbeat, which is empty", () => {
  const { client, server } = pair();
  assert.equal(server.open(client.seal(HEARTBEAT)).length, 0);
});

for (const direction of ["client to master", "master to client"] as const) {
  const ends = () => {
    const { client, server } = pair();
    return direction === "client to master" ? { from: client, to: server } : { from: server, to: client };
  };

  test(`T12: a Session refuses a frame with any single bit flipped, ${direction}`, () => {
    const { from, to } = ends();
    for (const { flipped, bit } of bitFlipsOf(from.seal(utf8("run")))) {
      assert.throws(() => to.open(flipped), ProtocolError, `bit ${bit}`);
    }
  });

  test(`T14: a Session refuses a frame that is repeated, left out or exchanged, ${direction}`, () => {
    const frames = (from: Session) =>
      ["a", "b", "c"].map((text) => from.seal(utf8(text))) as [Uint8Array, Uint8Array, Uint8Array];
    const repeated = ends();
    const [first] = frames(repeated.from);
    repeated.to.open(first);
    assert.throws(() => repeated.to.open(first), ProtocolError);
    const leftOut = ends();
    assert.throws(() => leftOut.to.open(frames(leftOut.from)[1]), ProtocolError);
    const exchanged = ends();
    const [one, two, three] = frames(exchanged.from);
    exchanged.to.open(one);
    assert.throws(() => exchanged.to.open(three), ProtocolError);
    assert.throws(() => exchanged.to.open(two.slice(1)), ProtocolError);
  });

  test(`T14: a Session refuses frames of another session, and its own sent back to it, ${direction}`, () => {
    const [one, other] = [ends(), ends()];
    assert.throws(() => other.to.open(one.from.seal(utf8("run"))), ProtocolError);
    const { from } = ends();
    assert.throws(() => from.open(from.seal(utf8("run"))), ProtocolError);
  });
}

test("T22: a Session gives nothing but a ProtocolError on bytes that are no frame", () => {
  const { client } = pair();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    assert.throws(() => client.open(bytes), ProtocolError);
  }));
});
