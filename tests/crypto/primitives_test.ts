import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  agree,
  hmacSha256,
  isSameSecret,
  isSignedBy,
  keyPairOf,
  newKeyPair,
  open,
  publicKeyOf,
  randomBytes,
  seal,
  sha256,
  sha256Of,
  signWith,
} from "../../src/runtime/crypto.ts";
import { test } from "../kit/test.ts";
import { bitFlipsOf } from "./kit.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("agree() reproduces the vectors of RFC 7748, section 6.1", () => {
  const alice = publicKeyOf("x25519", hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
  const bob = keyPairOf("x25519", hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  assert.equal(hexOf(bob.publicKey), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  assert.equal(hexOf(agree(bob, alice)), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  const [one, other] = [newKeyPair("x25519"), newKeyPair("x25519")];
  const [there, back] = [agree(one, publicKeyOf("x25519", other.publicKey)), publicKeyOf("x25519", one.publicKey)];
  assert.deepEqual(agree(other, back), there);
});

test("agree() refuses the points of small order, with which anybody could know the secret", () => {
  const own = newKeyPair("x25519");
  const points = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ];
  for (const point of points) assert.throws(() => agree(own, publicKeyOf("x25519", hex(point))), point);
});

test("signWith() reproduces the second vector of RFC 8032, section 7.1", () => {
  const pair = keyPairOf("ed25519", hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  assert.equal(hexOf(pair.publicKey), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  assert.equal(
    hexOf(signWith(pair, hex("72"))),
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
});

test("isSignedBy() never throws and refuses signatures of any other length or content", () => {
  const pair = newKeyPair("ed25519");
  const key = publicKeyOf("ed25519", pair.publicKey);
  const message = new Uint8Array([1]);
  const signature = signWith(pair, message);
  assert.equal(isSignedBy(key, message, signature), true);
  for (const { flipped, bit } of bitFlipsOf(signature)) {
    assert.equal(isSignedBy(key, message, flipped), false, `bit ${bit}`);
  }
  for (const length of [0, 1, 63, 65, 128]) assert.equal(isSignedBy(key, message, new Uint8Array(length)), false);
});

test("seal() reproduces test case 14 of the GCM specification", () => {
  const sealed = seal(new Uint8Array(32), new Uint8Array(12), new Uint8Array(0), new Uint8Array(16));
  assert.equal(hexOf(sealed), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
});

test("open() gives back what seal() was given, as plain bytes whose slice() is a copy", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 50 }), (plain, associated) => {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    const opened = open(key, nonce, associated, seal(key, nonce, associated, plain));
    assert.ok(opened);
    assert.deepEqual(opened, plain);
    const copy = opened.slice();
    opened.fill(0);
    assert.deepEqual(copy, plain);
  }));
});

test("T12: open() gives undefined when a bit of anything differs", () => {
  const [key, nonce, associated, plain] = [randomBytes(32), randomBytes(12), randomBytes(5), randomBytes(9)];
  const sealed = seal(key, nonce, associated, plain);
  for (const { flipped } of bitFlipsOf(sealed)) assert.equal(open(key, nonce, associated, flipped), undefined);
  for (const { flipped } of bitFlipsOf(nonce)) assert.equal(open(key, flipped, associated, sealed), undefined);
  for (const { flipped } of bitFlipsOf(associated)) assert.equal(open(key, nonce, flipped, sealed), undefined);
  for (const { flipped } of bitFlipsOf(key)) assert.equal(open(flipped, nonce, associated, sealed), undefined);
  for (let length = 0; length < sealed.length; length++) {
    assert.equal(open(key, nonce, associated, sealed.subarray(0, length)), undefined);
  }
});

test("sha256() and sha256Of() take parts as one text; hmacSha256() reproduces RFC 4231, test case 2", () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(hexOf(sha256(hex("6162"), hex(""), hex("63"))), abc);
  assert.equal(hexOf(sha256Of([hex("61"), hex("6263")])), abc);
  const mac = hmacSha256(Buffer.from("Jefe"), Buffer.from("what do ya want "), Buffer.from("for nothing?"));
  assert.equal(hexOf(mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
});

test("keyPairOf() and publicKeyOf() refuse keys that are not 32 bytes", () => {
  for (const length of [0, 31, 33, 64]) {
    for (const curve of ["x25519", "ed25519"] as const) {
      assert.throws(() => keyPairOf(curve, new Uint8Array(length)), /not 32/);
      assert.throws(() => publicKeyOf(curve, new Uint8Array(length)), /not 32/);
    }
  }
});

test("isSameSecret() compares content and length", () => {
  assert.equal(isSameSecret(hex("0102"), hex("0102")), true);
  assert.equal(isSameSecret(hex("0102"), hex("0103")), false);
  assert.equal(isSameSecret(hex("0102"), hex("010200")), false);
  assert.equal(isSameSecret(hex(""), hex("")), true);
});
