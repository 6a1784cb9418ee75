/** The minion's one master: pinned, and nobody else obeyed. @module */
import assert from "node:assert/strict";
import { fingerprintOf, formatPublicIdentity, newIdentity, publicHalf } from "../../src/crypto/identity.ts";
import { MasterHandshake } from "../../src/channel/handshake.ts";
import { RefusedError } from "../../src/core/errors.ts";
import { readTextIfThere, removePath, writePrivateFile } from "../../src/runtime/files.ts";
import { startFleet } from "../kit/fleet.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { run } from "./kit.ts";
import { Tap } from "./tap.ts";

test("T8: a minion whose master_finger is another's refuses loudly, names both and the way out, and tells nothing", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const other = fingerprintOf(publicHalf(newIdentity()));
  const tap = new Tap();
  await fleet.addMinion("m1", { masterFinger: other, wrap: tap.wrap, isAwaited: false });
  const text = await fleet.untilLogged("m1", /Cannot trust this master/);
  assert.ok(text.includes(fingerprintOf(fleet.masterIdentity)), text);
  assert.ok(text.includes(other), text);
  assert.match(text, /brine key finger/);
  await until("a second attempt", () => tap.sent.length >= 2);
  assert.ok(
    tap.sent.every((frame) => frame.length < 64),
    "first frames only: an ephemeral key, and no word about itself",
  );
  const { pending, accepted } = (await (await fleet.client()).keys()).minions;
  assert.deepEqual([pending, accepted], [[], []]);
  assert.equal(readTextIfThere(fleet.minionPaths("m1").minionPinnedMaster), undefined, "nothing was pinned");
});

test("T8: the right master_finger is taken, with or without its dashes", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const finger = fingerprintOf(fleet.masterIdentity);
  await fleet.addMinion("m1", { masterFinger: finger, isAwaited: false });
  await fleet.addMinion("m2", { masterFinger: finger.replaceAll("-", "").toUpperCase(), isAwaited: false });
  await fleet.untilPending(["m1", "m2"]);
});

test("T8: a changed master key is a loud refusal with both fingerprints; removing the pin is the way out", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const path = fleet.minionPaths("m1").minionPinnedMaster;
  const old = fleet.masterIdentity;
  await fleet.stopMaster();
  removePath(fleet.paths.masterKey); // installed anew
  await fleet.startMaster();
  const text = await fleet.untilLogged("m1", /THE MASTER'S KEY HAS CHANGED/);
  for (const identity of [old, fleet.masterIdentity]) assert.ok(text.includes(fingerprintOf(identity)), text);
  assert.ok(text.includes(path), text);
  assert.equal(readTextIfThere(path), formatPublicIdentity(old) + "\n", "the pin stays");
  await fleet.stopMinion("m1");
  removePath(path);
  await fleet.startMinion("m1");
  await fleet.untilUp(["m1"]);
});

test("T8: a client refuses a master that is not the one it knows, and sends it nothing", async () => {
  await using fleet = await startFleet({ minions: 0 });
  const before = fleet.masterIdentity;
  await fleet.stopMaster();
  const masterKey = readTextIfThere(fleet.paths.masterKey) ?? "";
  removePath(fleet.paths.masterKey);
  await fleet.startMaster();
  const after = fleet.masterIdentity;
  writePrivateFile(fleet.paths.masterKey, masterKey); // what the client knows
  await assert.rejects(fleet.client(), (thrown) => {
    assert.ok(thrown instanceof RefusedError);
    for (const identity of [before, after]) assert.ok(thrown.message.includes(fingerprintOf(identity)));
    return true;
  });
});

test("T13: a false master cannot stop a minion, move its pin or make it run anything; it returns to the true one", async () => {
  await using fleet = await startFleet({ minions: 1 });
  const path = fleet.minionPaths("m1").minionPinnedMaster;
  const pin = readTextIfThere(path);
  const [address = "", port = ""] = fleet.address.split(":");
  await fleet.stopMaster();

  // In its place, on its port: somebody who speaks the protocol with a key of his own, and then says what he likes.
  const transport = fleet.transportFrom(address);
  const identity = newIdentity();
  let visits = 0;
  let finished = 0;
  const falseMaster = await transport.openRouter({ hostname: address, port: Number(port), onConnect: () => visits++ });
  const serving = (async () => {
    const handshakes = new Map<number, MasterHandshake>();
    for await (const [peer, frame] of falseMaster) {
      const handshake = handshakes.get(peer.number);
      if (handshake) {
        finished++; // never: the third frame does not come
        continue;
      }
      const fresh = new MasterHandshake(identity);
      handshakes.set(peer.number, fresh);
      falseMaster.send(peer, [fresh.start(frame ?? new Uint8Array(0), fleet.clock.now())]);
      falseMaster.send(peer, [Uint8Array.of(0, 1, 2)]); // and more that nobody asked for
    }
  })();
  await fleet.untilLogged("m1", /THE MASTER'S KEY HAS CHANGED/);
  await until("more visits", () => visits >= 3);
  assert.equal(finished, 0);
  await falseMaster[Symbol.asyncDispose]();
  await serving;

  // One that hangs up, and one that sends garbage, are no better.
  const rude = await transport.openRouter({
    hostname: address,
    port: Number(port),
    onConnect: (peer) => void rude.send(peer, [new Uint8Array(100)]),
  });
  const drained = Array.fromAsync(rude);
  const sessions = fleet.logged("m1").length;
  await until("another refusal", () => fleet.logged("m1").length > sessions);
  await rude[Symbol.asyncDispose]();
  await drained;

  assert.equal(readTextIfThere(path), pin);
  await fleet.startMaster();
  await fleet.untilUp(["m1"]);
  const { summary } = await run(await fleet.client(), { target: "m1", function: "test.ping" });
  assert.equal(summary.ledger.returned, 1);
});
