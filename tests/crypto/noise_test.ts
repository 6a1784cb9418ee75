import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { ProtocolError } from "../../src/core/errors.ts";
import { CipherState, NoiseXX } from "../../src/crypto/noise.ts";
import { keyPairOf, newKeyPair } from "../../src/runtime/crypto.ts";
import { test } from "../kit/test.ts";

interface Vector {
  init_prologue: string;
  init_static: string;
  init_ephemeral: string;
  resp_prologue: string;
  resp_static: string;
  resp_ephemeral: string;
  handshake_hash: string;
  messages: { payload: string; ciphertext: string }[];
}

const vectorUrl = new URL("./noise-xx-25519-aesgcm-sha256.json", import.meta.url);
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

function pairOf(seeds: { i: Uint8Array; r: Uint8Array; ie: Uint8Array; re: Uint8Array }, prologue: Uint8Array) {
  const side = (isInitiator: boolean, own: Uint8Array, ephemeral: Uint8Array) =>
    new NoiseXX({
      isInitiator,
      prologue,
      staticKey: keyPairOf("x25519", own),
      ephemeral: keyPairOf("x25519", ephemeral),
    });
  return { initiator: side(true, seeds.i, seeds.ie), responder: side(false, seeds.r, seeds.re) };
}

test("NoiseXX reproduces the published vectors of Noise_XX_25519_AESGCM_SHA256", () => {
  const { vectors } = JSON.parse(readFileSync(vectorUrl, "utf8")) as { vectors: Vector[] };
  assert.ok(vectors.length > 0);
  for (const vector of vectors) {
    const seeds = {
      i: bytes(vector.init_static),
      r: bytes(vector.resp_static),
      ie: bytes(vector.init_ephemeral),
      re: bytes(vector.resp_ephemeral),
    };
    const { initiator, responder } = pairOf(seeds, bytes(vector.init_prologue));
    const [handshake, transport] = [vector.messages.slice(0, 3), vector.messages.slice(3)];
    for (const [index, { payload, ciphertext }] of handshake.entries()) {
      const [writer, reader] = index === 1 ? [responder, initiator] : [initiator, responder];
      const message = writer.write(bytes(payload));
      assert.equal(hex(message), ciphertext);
      assert.equal(hex(reader.read(message)), payload);
    }
    const [a, b] = [initiator.split(), responder.split()];
    assert.equal(hex(a.handshakeHash), vector.handshake_hash);
    assert.equal(hex(b.handshakeHash), vector.handshake_hash);
    const directions = [
      { send: new CipherState(b.sendKey), receive: new CipherState(a.receiveKey) },
      { send: new CipherState(a.sendKey), receive: new CipherState(b.receiveKey) },
    ];
    for (const [index, { payload, ciphertext }] of transport.entries()) {
      const direction = directions[index % 2];
      assert.ok(direction);
      const message = direction.send.seal(bytes(payload));
      assert.equal(hex(message), ciphertext);
      assert.equal(hex(direction.receive.open(message)), payload);
    }
  }
});

test("T12: NoiseXX refuses a handshake with any single bit flipped, and never with anything but a ProtocolError", () => {
  const prologue = new Uint8Array([1, 2, 3]);
  const seeds = () => ({
    i: newKeyPair("x25519").seed,
    r: newKeyPair("x25519").seed,
    ie: newKeyPair("x25519").seed,
    re: newKeyPair("x25519").seed,
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 }), fc.nat(), fc.nat({ max: 7 }), (flipped, position, bit) => {
      const { initiator, responder } = pairOf(seeds(), prologue);
      let failed = false;
      for (let step = 0; step < 3 && !failed; step++) {
        const [writer, reader] = step === 1 ? [responder, initiator] : [initiator, responder];
        const message = writer.write(new Uint8Array([9, 9]));
        const at = position % message.length;
        if (step === flipped) message[at] = (message[at] ?? 0) ^ (1 << bit);
        try {
          reader.read(message);
        } catch (thrown) {
          assert.ok(thrown instanceof ProtocolError, String(thrown));
          failed = true;
        }
      }
      // A flip in the first message is seen by the initiator when it reads the second.
      assert.ok(failed);
    }),
    { numRuns: 200 },
  );
});

test("T23: NoiseXX fails where the two sides hold different prologues", () => {
  const side = (isInitiator: boolean, prologue: number) =>
    new NoiseXX({ isInitiator, prologue: Uint8Array.of(prologue), staticKey: newKeyPair("x25519") });
  const [initiator, responder] = [side(true, 1), side(false, 2)];
  responder.read(initiator.write(new Uint8Array(0)));
  assert.throws(() => initiator.read(responder.write(new Uint8Array(0))), ProtocolError);
});

test("T14: CipherState refuses a message that is repeated or out of order", () => {
  const key = new Uint8Array(32).fill(7);
  const [send, receive] = [new CipherState(key), new CipherState(key)];
  const [first, second] = [send.seal(Uint8Array.of(1)), send.seal(Uint8Array.of(2))];
  assert.throws(() => new CipherState(key).open(second), ProtocolError);
  assert.deepEqual([...receive.open(first)], [1]);
  assert.throws(() => receive.open(first), ProtocolError);
});
