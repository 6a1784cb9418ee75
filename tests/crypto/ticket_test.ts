import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { issueTicket, readTicket } from "../../src/crypto/ticket.ts";
import { test } from "../kit/test.ts";
import { bitFlipsOf } from "./kit.ts";

const key = new Uint8Array(32).fill(1);
const keyId = Uint8Array.from({ length: 32 }, (_, index) => index);
const expiresAt = Date.UTC(2026, 10, 23);
const ticket = issueTicket(key, { keyId, expiresAt });

test("T10: readTicket() takes a ticket at its last moment and refuses it a millisecond later", () => {
  assert.deepEqual(readTicket(key, ticket, expiresAt), { keyId, expiresAt });
  assert.deepEqual(readTicket(key, ticket, 0), { keyId, expiresAt });
  assert.equal(readTicket(key, ticket, expiresAt + 1), undefined);
});

test("issueTicket() writes the layout that its file describes", () => {
  const hex = Buffer.from(ticket).toString("hex");
  assert.equal(
    hex.slice(0, 92),
    Buffer.from("ticket").toString("hex") + "000001a205b3d000" + Buffer.from(keyId).toString("hex"),
  );
  assert.equal(hex.slice(92), "09ac4847974cb0d5af5f00317c7d94b9");
});

test("readTicket() reads a ticket that lies inside a larger buffer", () => {
  const inside = new Uint8Array([9, 9, 9, ...ticket, 9]).subarray(3, 3 + ticket.length);
  assert.deepEqual(readTicket(key, inside, expiresAt), { keyId, expiresAt });
});

test("T12: readTicket() refuses a ticket with any single bit flipped", () => {
  for (const { flipped, bit } of bitFlipsOf(ticket)) assert.equal(readTicket(key, flipped, 0), undefined, `bit ${bit}`);
});

test("readTicket() refuses a ticket made with another key, cut, lengthened or invented", () => {
  assert.equal(readTicket(new Uint8Array(32).fill(2), ticket, 0), undefined);
  for (let length = 0; length < ticket.length; length++) {
    assert.equal(readTicket(key, ticket.subarray(0, length), 0), undefined);
  }
  assert.equal(readTicket(key, new Uint8Array([...ticket, 0]), 0), undefined);
  fc.assert(fc.property(fc.uint8Array({ minLength: 56, maxLength: 56 }), (tail) => {
    assert.equal(readTicket(key, new Uint8Array([...ticket.subarray(0, 6), ...tail]), 0), undefined);
  }));
});
