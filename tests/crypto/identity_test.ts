import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import {
  findIdentity,
  fingerprintOf,
  formatPublicIdentity,
  keyIdOf,
  newIdentity,
  openIdentity,
  parsePublicIdentity,
  publicHalf,
} from "../../src/crypto/identity.ts";
import { modeOf } from "../../src/runtime/files.ts";
import { Scratch } from "../core/scratch.ts";
import { test } from "../kit/test.ts";
import { identityOf } from "./kit.ts";

test("T7: openIdentity() makes a 0600 file in a 0700 directory and nothing beside it", () => {
  using scratch = new Scratch();
  const path = scratch.at("pki", "master", "key");
  openIdentity(path);
  assert.equal(modeOf(path), 0o600);
  assert.equal(modeOf(scratch.at("pki")), 0o700);
  assert.equal(modeOf(scratch.at("pki", "master")), 0o700);
  assert.deepEqual(readdirSync(scratch.at("pki", "master")), ["key"]);
});

test("openIdentity() reads back the identity that it made", () => {
  using scratch = new Scratch();
  const made = openIdentity(scratch.at("key"));
  const content = readFileSync(scratch.at("key"), "utf8");
  for (const again of [openIdentity(scratch.at("key")), findIdentity(scratch.at("key"))]) {
    assert.ok(again);
    assert.deepEqual(publicHalf(again), publicHalf(made));
    assert.deepEqual(again.agreement.seed, made.agreement.seed);
    assert.deepEqual(again.signing.seed, made.signing.seed);
  }
  assert.equal(readFileSync(scratch.at("key"), "utf8"), content);
  assert.notDeepEqual(publicHalf(openIdentity(scratch.at("other"))), publicHalf(made));
});

test("findIdentity() makes nothing", () => {
  using scratch = new Scratch();
  assert.equal(findIdentity(scratch.at("key")), undefined);
  assert.equal(existsSync(scratch.at("key")), false);
});

test("T25: openIdentity() refuses a damaged file in one line that tells nothing of it, and leaves it alone", () => {
  using scratch = new Scratch();
  const path = scratch.at("key");
  openIdentity(path);
  const good = readFileSync(path, "utf8");
  const { x25519, ed25519 } = JSON.parse(good) as Record<string, string>;
  const damaged = [
    "",
    "\n",
    "null",
    good.slice(0, -10),
    good.slice(1),
    x25519 ?? "",
    good.replace('"version":1', '"version":2'),
    JSON.stringify({ version: 1, x25519 }),
    JSON.stringify({ version: 1, x25519, ed25519, more: x25519 }),
    JSON.stringify({ version: 1, x25519, ed25519: x25519?.slice(4) }),
    JSON.stringify({ version: 1, x25519, ed25519: `${x25519}!` }),
    JSON.stringify({ version: 1, x25519: 5, ed25519 }),
  ];
  for (const content of damaged) {
    writeFileSync(path, content);
    assert.throws(() => openIdentity(path), (thrown) => {
      assert.ok(thrown instanceof Error);
      assert.match(thrown.message, /^Cannot read key file .*: it is damaged; [^\n]*$/);
      for (let cause: unknown = thrown; cause instanceof Error; cause = cause.cause) {
        for (const secret of [x25519, ed25519]) {
          assert.ok(!cause.message.includes(secret?.slice(0, 6) ?? "?"), `it quotes the key: ${cause.message}`);
        }
        assert.equal("issues" in cause, false, "it carries the key");
      }
      return true;
    });
    assert.equal(readFileSync(path, "utf8"), content);
  }
});

test("fingerprintOf() is forty letters in groups of four, and the same for ever", () => {
  const fingerprint = fingerprintOf(publicHalf(identityOf("a")));
  assert.equal(fingerprint, "25yq-1vms-q4ht-xt88-y2f4-p1vc-gqga-x9vd");
  assert.match(fingerprint, /^([0-9a-hjkmnp-tv-z]{4}-){7}[0-9a-hjkmnp-tv-z]{4}$/);
});

test("keyIdOf() is 32 bytes, and the same for ever", () => {
  assert.equal(
    Buffer.from(keyIdOf(publicHalf(identityOf("a")))).toString("hex"),
    "4cc95ba8f0c5338e81a5d0f9cbc72852356827230db4763b1b079361455ba8d9",
  );
});

test("fingerprintOf() and keyIdOf() depend on both keys", () => {
  const [a, b] = [publicHalf(identityOf("a")), publicHalf(identityOf("b"))];
  const mixed = [a, b, { ...a, signingKey: b.signingKey }, { ...b, signingKey: a.signingKey }];
  const swapped = { agreementKey: a.signingKey, signingKey: a.agreementKey };
  assert.equal(new Set([...mixed, swapped].map(fingerprintOf)).size, 5);
  assert.equal(new Set([...mixed, swapped].map((key) => Buffer.from(keyIdOf(key)).toString("hex"))).size, 5);
});

test("parsePublicIdentity() reads what formatPublicIdentity() wrote, with or without a line's end", () => {
  const key = publicHalf(newIdentity());
  assert.deepEqual(parsePublicIdentity(formatPublicIdentity(key)), key);
  assert.deepEqual(parsePublicIdentity(`${formatPublicIdentity(key)}\n`), key);
});

test("parsePublicIdentity() refuses anything else with an error of its own", () => {
  const good = formatPublicIdentity(publicHalf(identityOf("a")));
  const bad = ["", "?", "AAAA", good.slice(4), good + good, good.replace(/.$/, "\0"), "ü", good.slice(0, -3)];
  for (const text of bad) assert.throws(() => parsePublicIdentity(text), /^Error: Cannot read public key: /, text);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.throws(() => parsePublicIdentity(text), /^Error: Cannot read public key: /);
    }),
    { numRuns: 20 },
  );
});
