import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ClientChannel } from "../../src/channel/client_channel.ts";
import { HANDSHAKE_TIMEOUT_MS } from "../../src/channel/handshake.ts";
import { utf8 } from "../../src/core/bytes.ts";
import { publicHalf, type PublicIdentity } from "../../src/crypto/identity.ts";
import { test } from "../kit/test.ts";
import { master as masterIdentity } from "./kit.ts";
import { HEARTBEAT_MS, MASTER, Scene, settle } from "./stub_master.ts";

async function connected(scene: Scene): Promise<ClientChannel> {
  await scene.startMaster();
  const channel = scene.open();
  await settle();
  assert.equal(channel.isOpen, true);
  return channel;
}

test("a ClientChannel shakes hands, and then carries messages in both directions", async () => {
  await using scene = new Scene();
  const master = await scene.startMaster();
  const channel = scene.open();
  assert.equal(channel.send(utf8("too early")), false);
  await settle();
  assert.deepEqual([scene.opened, channel.isOpen], [1, true]);
  assert.deepEqual(master.guests.map(({ id, role }) => `${role} ${id}`), ["minion web01"]);
  assert.equal(channel.send(utf8("hello")), true);
  master.say("welcome");
  await settle();
  assert.deepEqual(master.received, ["hello"]);
  assert.deepEqual(scene.messages, ["welcome"]);
  assert.deepEqual(scene.losses, []);
});

test("T8: what a ClientChannel sends tells nothing in clear", async () => {
  await using scene = new Scene();
  const channel = await connected(scene);
  channel.send(utf8("the canary sings"));
  await settle();
  const wire = Buffer.concat(scene.master.frames);
  for (const word of ["web01", "canary", "minion"]) assert.equal(wire.includes(word), false, word);
});

test("T8: a ClientChannel that objects to the master tells it nothing, and gives the objection as cause", async () => {
  await using scene = new Scene();
  const master = await scene.startMaster();
  const objection = new Error("Cannot trust this master: its fingerprint is not the pinned one");
  const shown: [PublicIdentity, number][] = [];
  const channel = scene.open({
    checkMaster: (identity, at) => {
      shown.push([identity, at]);
      throw objection;
    },
  });
  await settle();
  assert.deepEqual(shown, [[publicHalf(masterIdentity), scene.clock.now()]]);
  assert.equal(master.frames.length, 1, "the first frame alone");
  assert.equal(channel.isOpen, false);
  assert.equal(scene.opened, 0);
  assert.equal(scene.losses.length, 1);
  assert.equal(scene.losses[0]?.cause, objection);
  assert.equal(scene.losses[0]?.retryInMs, 50);
  scene.network.sever(MASTER);
  await settle();
  assert.equal(scene.losses.length, 1, "one connection, one loss");
});

test("a loss that the network causes has no cause of our own, also after an objection", async () => {
  await using scene = new Scene();
  await scene.startMaster();
  let isTrusted = false;
  scene.open({
    checkMaster: () => {
      if (!isTrusted) throw new Error("not yet");
    },
  });
  await settle();
  isTrusted = true;
  await scene.advance(1_000);
  assert.equal(scene.opened, 1);
  scene.network.sever(MASTER);
  await settle();
  assert.deepEqual(scene.losses.map(({ cause }) => cause?.message), ["not yet", undefined]);
});

test("a ClientChannel gives up a master that does not finish the handshake in time", async () => {
  await using scene = new Scene();
  const master = await scene.startMaster();
  master.tamper = () => undefined;
  scene.open();
  await settle();
  await scene.advance(HANDSHAKE_TIMEOUT_MS - 1, HANDSHAKE_TIMEOUT_MS - 1);
  assert.deepEqual(scene.losses, []);
  await scene.advance(1);
  assert.deepEqual(scene.losses.map(({ reason }) => reason), ["the handshake took too long"]);
});

test("T12: a ClientChannel gives up a master whose frames do not open, and says why", async () => {
  await using scene = new Scene();
  const channel = await connected(scene);
  scene.master.tamper = (frame) => frame.with(0, (frame[0] ?? 0) ^ 1);
  scene.master.say("changed on the way");
  await settle();
  assert.equal(channel.isOpen, false);
  assert.deepEqual(scene.messages, []);
  assert.match(scene.losses[0]?.cause?.message ?? "", /Cannot open sealed message/);
});

test("T14: a ClientChannel takes a frame once", async () => {
  await using scene = new Scene();
  const channel = await connected(scene);
  let captured = new Uint8Array(0);
  scene.master.tamper = (frame) => captured = frame.slice();
  scene.master.say("run");
  await settle();
  assert.deepEqual(scene.messages, ["run"]);
  scene.master.sayRaw(captured);
  await settle();
  assert.deepEqual(scene.messages, ["run"]);
  assert.equal(channel.isOpen, false);
  await scene.advance(1_000);
  assert.equal(channel.isOpen, true, "a new session");
  scene.master.sayRaw(captured);
  await settle();
  assert.deepEqual(scene.messages, ["run"]);
});

test("a ClientChannel sends a heartbeat every heartbeatMs, and lives as long as they come back", async () => {
  await using scene = new Scene();
  await connected(scene);
  await scene.advance(HEARTBEAT_MS - 1, HEARTBEAT_MS - 1);
  assert.deepEqual(scene.master.received, []);
  await scene.advance(1);
  assert.deepEqual(scene.master.received, [""]);
  await scene.advance(20 * HEARTBEAT_MS, HEARTBEAT_MS);
  assert.equal(scene.master.received.length, 21);
  assert.deepEqual(scene.messages, [], "a heartbeat is no message");
  assert.deepEqual(scene.losses, []);
});

test("a ClientChannel gives a dead path up after three heartbeats without a word, and connects again", async () => {
  await using scene = new Scene();
  const channel = await connected(scene);
  await scene.advance(2 * HEARTBEAT_MS, HEARTBEAT_MS);
  scene.network.cut(MASTER);
  await scene.advance(3 * HEARTBEAT_MS - 1, HEARTBEAT_MS - 1);
  assert.deepEqual(scene.losses, []);
  await scene.advance(1 * HEARTBEAT_MS, HEARTBEAT_MS);
  assert.deepEqual(scene.losses.map(({ reason, cause }) => [reason, cause]), [[
    "nothing was heard for 3 s",
    undefined,
  ]]);
  assert.equal(channel.isOpen, false);
  assert.equal(channel.send(utf8("into the void")), false);
  scene.network.heal(MASTER);
  await scene.advance(1_000);
  assert.equal(channel.isOpen, true);
  assert.equal(scene.opened, 2);
});

test("any message of the master counts as a sign of life", async () => {
  await using scene = new Scene();
  await connected(scene);
  scene.master.answersBeats = false;
  for (let beat = 0; beat < 10; beat++) {
    await scene.advance(2 * HEARTBEAT_MS, HEARTBEAT_MS);
    scene.master.say("news");
    await settle();
  }
  assert.deepEqual(scene.losses, []);
  await scene.advance(3 * HEARTBEAT_MS, HEARTBEAT_MS);
  assert.equal(scene.losses.length, 1);
});

test("a ClientChannel makes a fresh handshake on every connection", async () => {
  await using scene = new Scene();
  const channel = await connected(scene);
  for (let round = 0; round < 3; round++) {
    scene.network.sever(MASTER);
    await settle();
    assert.equal(channel.isOpen, false);
    assert.equal(channel.send(utf8("lost")), false);
    await scene.advance(1_000);
    assert.equal(channel.isOpen, true);
  }
  const keys = scene.master.guests.map(({ split }) => Buffer.from(split.sendKey).toString("hex"));
  assert.equal(new Set(keys).size, 4);
  channel.send(utf8("here again"));
  await settle();
  assert.ok(scene.master.received.includes("here again"));
  assert.ok(!scene.master.received.includes("lost"));
});

test("a ClientChannel comes back by itself when the master does", async () => {
  await using scene = new Scene();
  const channel = await connected(scene);
  await scene.stopMaster();
  await scene.advance(30_000, 1_000);
  assert.equal(channel.isOpen, false);
  assert.ok(scene.losses.length > 10);
  await scene.startMaster();
  await scene.advance(2_000);
  assert.equal(channel.isOpen, true);
});

test("a ClientChannel without reconnect says at once that there will be no other attempt", async () => {
  await using scene = new Scene();
  scene.open({ reconnect: false });
  await settle();
  assert.equal(scene.losses.length, 1);
  assert.equal(scene.losses[0]?.retryInMs, undefined);
  await scene.advance(60_000, 10_000);
  assert.equal(scene.losses.length, 1);
});

test("an error of whoever takes the messages ends the connection and is given as cause", async () => {
  await using scene = new Scene();
  await scene.startMaster();
  const thrown = new Error("Cannot read master's message");
  scene.open({
    onMessage: () => {
      throw thrown;
    },
  });
  await settle();
  scene.master.say("nonsense");
  await settle();
  assert.equal(scene.losses[0]?.cause, thrown);
});

test("disposing a ClientChannel leaves no timer and no connection, whatever it was doing", async () => {
  const states: Record<string, (scene: Scene) => void | Promise<void>> = {
    "connecting": () => {},
    "waiting to connect again": async (scene) => {
      await scene.stopMaster();
      await settle();
    },
    "shaking hands": async (scene) => {
      scene.master.tamper = () => undefined;
      await settle();
    },
    "open": async (scene) => {
      await settle();
      assert.equal(scene.opened, 1);
    },
    "on a dead path": async (scene) => {
      await settle();
      scene.network.cut(MASTER);
      await scene.advance(2 * HEARTBEAT_MS, HEARTBEAT_MS);
    },
  };
  for (const [name, bring] of Object.entries(states)) {
    const scene = new Scene();
    await scene.startMaster();
    const channel = scene.open();
    await bring(scene);
    const lossesBefore = scene.losses.length;
    await channel[Symbol.asyncDispose]();
    assert.equal(channel.isOpen, false);
    assert.equal(channel.send(utf8("late")), false);
    scene.network.heal(MASTER);
    await scene.stopMaster();
    await settle();
    assert.equal(scene.clock.pending, 0, name);
    assert.equal(scene.network.connections, 0, name);
    assert.equal(scene.losses.length, lossesBefore, `${name}: a channel that was closed is not lost`);
    await scene[Symbol.asyncDispose]();
  }
});
