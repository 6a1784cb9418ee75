import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ProtocolError } from "../../src/core/errors.ts";
import { sealPublish, verifyPublish } from "../../src/crypto/publish_seal.ts";
import { publicKeyOf } from "../../src/runtime/crypto.ts";
import { HEADER_BYTES, SIGNATURE_BYTES } from "../../src/wire/publish.ts";
import { test } from "../kit/test.ts";
import { bitFlipsOf, identityOf } from "./kit.ts";

const { signing } = identityOf("m");
const signer = publicKeyOf("ed25519", signing.publicKey);
const key = new Uint8Array(32).fill(5);
const plain = new Uint8Array([0xc0, 1, 2]);
const header = { epoch: 7, sequence: 9 };

test("verifyPublish() opens what sealPublish() sealed, at any length", () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 32 - 1),
      fc.maxSafeNat(),
      fc.uint8Array({ maxLength: 2_000 }),
      (epoch, sequence, content) => {
        const publish = verifyPublish(sealPublish({ epoch, sequence }, key, content, signing), signer);
        assert.deepEqual([publish.epoch, publish.sequence], [epoch, sequence]);
        assert.deepEqual(publish.open(key), content);
      },
    ),
    { numRuns: 30 },
  );
});

test("sealPublish() gives the same bytes for the same publish, those of the golden text", () => {
  const frame = Buffer.from(sealPublish(header, key, plain, signing)).toString("hex");
  assert.equal(
    frame,
    "6a6f6201000000070000000000000009aee33d0fbc3ff0c60493d279aeaeb88076a27948477140a9ae2fae931976f2b1d1504795132dcc79dfdce8361cdfb80d3fd693fc7bf68528bd04c1aada78b74b7c7e9e6d37ec622dd2ac3841947237dc34a50e",
  );
});

test("sealPublish() says nothing of its content in clear", () => {
  const secret = Buffer.from("cmd.run rm -rf /srv/canary");
  const frame = Buffer.from(sealPublish(header, key, secret, signing));
  for (let at = 0; at + 6 <= secret.length; at++) assert.equal(frame.includes(secret.subarray(at, at + 6)), false);
});

test("T12: verifyPublish() refuses a frame with any single bit flipped", () => {
  const frame = sealPublish(header, key, plain, signing);
  for (const { flipped, bit } of bitFlipsOf(frame)) {
    assert.throws(() => verifyPublish(flipped, signer).open(key), ProtocolError, `bit ${bit}`);
  }
});

test("T20: verifyPublish() refuses a frame that somebody else signed, or signed for another purpose", () => {
  const other = identityOf("x").signing;
  const forged = sealPublish(header, key, plain, other);
  assert.throws(() => verifyPublish(forged, signer), /signature does not hold/);
  const own = sealPublish(header, key, plain, signing);
  const mixed = own.slice();
  mixed.set(forged.subarray(-SIGNATURE_BYTES), own.length - SIGNATURE_BYTES);
  assert.throws(() => verifyPublish(mixed, signer), /signature does not hold/);
  for (const fill of [0, 1, 255]) {
    const blank = own.slice().fill(fill, own.length - SIGNATURE_BYTES);
    assert.throws(() => verifyPublish(blank, signer), ProtocolError);
  }
});

test("T14: a signature of one publish does not serve for another number, epoch or content", () => {
  const frame = sealPublish(header, key, plain, signing);
  const signature = frame.subarray(-SIGNATURE_BYTES);
  for (const changed of [{ ...header, sequence: 10 }, { ...header, epoch: 8 }]) {
    const other = sealPublish(changed, key, plain, signing);
    other.set(signature, other.length - SIGNATURE_BYTES);
    assert.throws(() => verifyPublish(other, signer), ProtocolError);
  }
});

test("VerifiedPublish.open() refuses the key of another epoch", () => {
  const publish = verifyPublish(sealPublish(header, key, plain, signing), signer);
  assert.throws(() => publish.open(new Uint8Array(32).fill(6)), /Cannot open publish 9: not sealed with epoch 7/);
  assert.deepEqual(publish.open(key), plain, "and the right one still opens it");
});

test("T12: verifyPublish() refuses a frame that is cut, even when the master signed the rest", () => {
  const frame = sealPublish(header, key, plain, signing);
  for (let length = 0; length < frame.length; length++) {
    assert.throws(() => verifyPublish(frame.subarray(0, length), signer), ProtocolError, `${length} bytes`);
  }
  assert.throws(() => verifyPublish(new Uint8Array([...frame, 0]), signer), ProtocolError);
});

test("sealPublish() uses a nonce of its own for each number of an epoch", () => {
  const sealedOf = (sequence: number) => {
    const frame = sealPublish({ epoch: 1, sequence }, key, new Uint8Array(32), signing);
    return Buffer.from(frame.subarray(HEADER_BYTES, HEADER_BYTES + 32)).toString("hex"); // the key stream itself
  };
  const sequences = [1, 2, 3, 255, 256, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 48, Number.MAX_SAFE_INTEGER];
  assert.equal(new Set(sequences.map(sealedOf)).size, sequences.length);
});
