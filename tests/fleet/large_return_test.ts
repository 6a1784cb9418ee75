/** Returns of any size arrive whole, in pieces, also when the connection ends in the middle. @module */
import assert from "node:assert/strict";
import { sha256 } from "../../src/runtime/crypto.ts";
import { readFileIfThere } from "../../src/runtime/files.ts";
import { CHUNK_BYTES } from "../../src/wire/minion_messages.ts";
import { startFleet } from "../kit/fleet.ts";
import { test } from "../kit/test.ts";
import { run } from "./kit.ts";
import { Tap } from "./tap.ts";

const MIB = 1024 * 1024;
const hashOf = (value: unknown) => {
  assert.ok(typeof value === "string" || value instanceof Uint8Array, `it is ${typeof value}`);
  return sha256(typeof value === "string" ? new TextEncoder().encode(value) : value);
};

test("A return of 5 MiB of text from each of three minions arrives whole, over real sockets", async () => {
  await using fleet = await startFleet({ minions: 3, transport: "zws" });
  const command = `head -c ${5 * MIB} /dev/zero | tr '\\0' x`;
  const { answers } = await run(await fleet.client(), { target: "*", function: "cmd.run", arguments: [command] });
  const want = sha256(new Uint8Array(5 * MIB).fill("x".charCodeAt(0)));
  assert.equal(answers.length, 3);
  for (const { return: text } of answers) assert.deepEqual(hashOf(text), want);
});

test("A return of 64 MiB of random bytes arrives whole", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const command = `head -c ${64 * MIB} /dev/urandom | tee ${fleet.root}/bytes`;
  const { answers } = await run(await fleet.client(), { target: "*", function: "cmd.run", arguments: [command] });
  const [answer] = answers;
  assert.ok(answer?.return instanceof Uint8Array);
  assert.deepEqual(sha256(answer.return), sha256(readFileIfThere(`${fleet.root}/bytes`) ?? new Uint8Array(0)));
});

test("A large return goes on where it was when the connection ends in the middle", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const brine = await fleet.client();
  const tap = new Tap();
  await fleet.addMinion("m1", { wrap: tap.wrap, token: await brine.makeToken({ ttlMs: 60_000 }) });
  await fleet.untilUp(["m1"]);
  const chunks = () => tap.sent.filter((frame) => frame.length > CHUNK_BYTES / 2).length;
  tap.onSent = (frame) => {
    if (frame.length > CHUNK_BYTES / 2 && chunks() === 10) fleet.network.sever(fleet.addressOf("m1"));
    return frame;
  };
  const command = `head -c ${12 * MIB} /dev/urandom | tee ${fleet.root}/bytes`;
  const { answers } = await run(brine, { target: "*", function: "cmd.run", arguments: [command] });
  assert.deepEqual(hashOf(answers[0]?.return), hashOf(readFileIfThere(`${fleet.root}/bytes`)));
  assert.equal(fleet.hearingCount("m1"), 2);
  const whole = 12 * MIB / CHUNK_BYTES;
  assert.ok(chunks() > whole, "some were lost with the connection");
  assert.ok(chunks() <= whole + 6, `${chunks()} pieces for ${whole}: it began anew`);
});
