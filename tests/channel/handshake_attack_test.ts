/**
 * What somebody who holds captured frames, or a session of his own, can do with them: nothing.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ClientHandshake, MasterHandshake } from "../../src/channel/handshake.ts";
import { concat, utf8 } from "../../src/core/bytes.ts";
import { ProtocolError } from "../../src/core/errors.ts";
import { newIdentity } from "../../src/crypto/identity.ts";
import { NoiseXX } from "../../src/crypto/noise.ts";
import { randomBytes, signWith } from "../../src/runtime/crypto.ts";
import { encode } from "../../src/wire/codec.ts";
import { test } from "../kit/test.ts";
import { master, NOW, shakeHands, trusting, web01 } from "./kit.ts";

const ROLES = { minion: 1, operator: 2 };

/** The login text as docs/protocol.md has it, written a second time. */
const loginText = (transcript: Uint8Array, role: keyof typeof ROLES, id: string) =>
  concat(utf8("brine login 1"), transcript, Uint8Array.of(ROLES[role]), utf8(id));

/** A client that puts whatever it likes into its third frame. */
function logIn(role: keyof typeof ROLES, payload: (transcript: Uint8Array) => unknown) {
  const prologue = concat(utf8("brine"), Uint8Array.of(1, ROLES[role]));
  const noise = new NoiseXX({ isInitiator: true, prologue, staticKey: web01.identity.agreement });
  const server = new MasterHandshake(master);
  const second = server.start(concat(Uint8Array.of(1, ROLES[role]), noise.write(new Uint8Array(0))), NOW);
  noise.read(second.subarray(1));
  return server.finish(noise.write(encode(payload(noise.handshakeHash))));
}

const { signing } = web01.identity;
const signingKey = signing.publicKey;
const signed = (transcript: Uint8Array, role: keyof typeof ROLES = "minion", id = "web01") =>
  signWith(signing, loginText(transcript, role, id));

test("T19: the master takes the signature that docs/protocol.md describes", () => {
  const who = logIn("minion", (transcript) => ({ id: "web01", signingKey, signature: signed(transcript) }));
  assert.equal(who.id, "web01");
});

test("T19: a signature for another session, role, id or key, or none, is refused", () => {
  let earlier = new Uint8Array(64);
  logIn("minion", (transcript) => {
    earlier = new Uint8Array(signed(transcript));
    return { id: "web01", signingKey, signature: earlier };
  });
  const other = newIdentity().signing;
  const forgeries: Record<string, (transcript: Uint8Array) => unknown> = {
    "another session": () => ({ id: "web01", signingKey, signature: earlier }),
    "another role": (transcript) => ({ id: "web01", signingKey, signature: signed(transcript, "operator") }),
    "another id": (transcript) => ({ id: "web02", signingKey, signature: signed(transcript) }),
    "another key": (transcript) => ({ id: "web01", signingKey: other.publicKey, signature: signed(transcript) }),
    "the bare transcript": (transcript) => ({ id: "web01", signingKey, signature: signWith(signing, transcript) }),
    nothing: () => ({ id: "web01", signingKey, signature: new Uint8Array(64) }),
  };
  for (const [name, forgery] of Object.entries(forgeries)) {
    assert.throws(() => logIn("minion", forgery), /the signature over this session does not hold/, name);
  }
});

test("T19: a signing key that is no point of the curve is refused as any other false one", () => {
  for (let i = 0; i < 40; i++) {
    const forgery = () => ({ id: "web01", signingKey: randomBytes(32), signature: randomBytes(64) });
    assert.throws(() => logIn("minion", forgery), ProtocolError);
  }
  for (const fill of [0x00, 0x7f, 0xff]) {
    const forgery = () => ({ id: "web01", signingKey: new Uint8Array(32).fill(fill), signature: new Uint8Array(64) });
    try {
      // Zeroes are a point of small order, for which anybody can sign: it is then the key of nobody.
      assert.deepEqual(logIn("minion", forgery).identity.agreementKey, web01.identity.agreement.publicKey);
    } catch (thrown) {
      assert.ok(thrown instanceof ProtocolError, String(thrown));
    }
  }
});

test("T2: a hello with an id that is none, or fields that are not as they must be, is refused", () => {
  const good = (transcript: Uint8Array) => ({ id: "web01", signingKey, signature: signed(transcript) });
  const bad: ((transcript: Uint8Array) => unknown)[] = [
    ...["", "..", "../etc", "a/b", "a\0", "a b", "ä", "x".repeat(129), "-a"].map((id) => (transcript: Uint8Array) => ({
      ...good(transcript),
      id,
      signature: signed(transcript, "minion", id),
    })),
    (transcript) => ({ ...good(transcript), more: 1 }),
    (transcript) => ({ ...good(transcript), token: "x".repeat(129) }),
    (transcript) => ({ ...good(transcript), token: 7 }),
    (transcript) => ({ ...good(transcript), signature: "text" }),
    (transcript) => ({ ...good(transcript), signature: signed(transcript).subarray(1) }),
    (transcript) => ({ ...good(transcript), signingKey: new Uint8Array(31) }),
    () => null,
    () => [],
    () => ({}),
  ];
  for (const [index, payload] of bad.entries()) {
    assert.throws(() => logIn("minion", payload), ProtocolError, `case ${index}`);
  }
});

test("T14: captured frames of a handshake open nothing in another one", () => {
  const { frames: captured } = shakeHands();
  const [first, , third] = captured;
  assert.ok(first && third);
  const again = new MasterHandshake(master);
  again.start(first, NOW); // the same first frame, but the master's ephemeral key is new
  assert.throws(() => again.finish(third), ProtocolError);
  for (const index of [1, 2]) {
    assert.throws(
      () => shakeHands(web01, (frame, at) => at === index ? captured[index] ?? frame : frame),
      ProtocolError,
    );
  }
});

test("T12: a handshake with any bit of any frame flipped ends in a ProtocolError", () => {
  const { frames } = shakeHands();
  for (const [index, { length }] of frames.entries()) {
    for (let at = 0; at < length; at++) {
      const bit = 1 << (at % 8); // each byte once, each place of a bit many times
      const tamper = (frame: Uint8Array, which: number) => {
        return which === index ? frame.with(at, (frame[at] ?? 0) ^ bit) : frame;
      };
      assert.throws(() => shakeHands(web01, tamper), ProtocolError, `frame ${index}, byte ${at}`);
    }
  }
});

test("T22: both sides give nothing but a ProtocolError on random bytes and on frames that are cut", () => {
  const attempt = (work: () => unknown) => {
    try {
      work();
    } catch (thrown) {
      assert.ok(thrown instanceof ProtocolError, String(thrown));
    }
  };
  const client = () => {
    const handshake = new ClientHandshake(web01);
    return { handshake, first: handshake.start() };
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      attempt(() => new MasterHandshake(master).start(bytes, NOW));
      attempt(() => new MasterHandshake(master).start(concat(Uint8Array.of(1, 1), bytes), NOW));
      attempt(() => client().handshake.finish(bytes, trusting));
      attempt(() => client().handshake.finish(concat(Uint8Array.of(1), bytes), trusting));
      const server = new MasterHandshake(master);
      server.start(client().first, NOW);
      assert.throws(() => server.finish(bytes), ProtocolError);
    }),
    { numRuns: 60 },
  );
  const { frames } = shakeHands();
  for (const [index, { length }] of frames.entries()) {
    for (let cut = 0; cut < length; cut += 3) {
      const tamper = (frame: Uint8Array, at: number) => at === index ? frame.subarray(0, cut) : frame;
      assert.throws(() => shakeHands(web01, tamper), ProtocolError);
    }
  }
});
