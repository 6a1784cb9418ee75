import assert from "node:assert/strict";
import { ClientHandshake, MasterHandshake, MAX_HANDSHAKE_BYTES, refusalFrame } from "../../src/channel/handshake.ts";
import { concat, utf8 } from "../../src/core/bytes.ts";
import { ProtocolError } from "../../src/core/errors.ts";
import { newIdentity, publicHalf, type PublicIdentity } from "../../src/crypto/identity.ts";
import { test } from "../kit/test.ts";
import { master, NOW, shakeHands, trusting, web01 } from "./kit.ts";

test("a handshake gives both sides the same session, and the master the client's id, role and keys", () => {
  const { split, authenticated, frames } = shakeHands();
  assert.deepEqual(split.sendKey, authenticated.split.receiveKey);
  assert.deepEqual(split.receiveKey, authenticated.split.sendKey);
  assert.deepEqual(split.handshakeHash, authenticated.split.handshakeHash);
  assert.notDeepEqual(split.sendKey, split.receiveKey);
  assert.equal(authenticated.role, "minion");
  assert.equal(authenticated.id, "web01");
  assert.equal(authenticated.token, undefined);
  assert.deepEqual(authenticated.identity, publicHalf(web01.identity));
  for (const frame of frames) assert.ok(frame.length <= MAX_HANDSHAKE_BYTES);
});

test("a handshake hands on the role and the token", () => {
  const hello = { role: "operator", id: "root", identity: newIdentity(), token: "00ff".repeat(32) } as const;
  const { authenticated } = shakeHands(hello);
  assert.deepEqual([authenticated.role, authenticated.id, authenticated.token], ["operator", "root", hello.token]);
});

test("two handshakes of the same two give different sessions", () => {
  const [one, other] = [shakeHands(), shakeHands()];
  assert.notDeepEqual(one.split.sendKey, other.split.sendKey);
  assert.notDeepEqual(one.split.receiveKey, other.split.receiveKey);
  assert.notDeepEqual(one.frames[0], other.frames[0]);
});

test("T8: the client asks whether it is the right master before it makes the frame that tells about itself", () => {
  const [client, server] = [new ClientHandshake(web01), new MasterHandshake(master)];
  const first = client.start();
  assert.equal(first.length, 34, "version, role and an ephemeral key: nothing that tells who it is");
  const asked: [PublicIdentity, number][] = [];
  const { reply } = client.finish(server.start(first, NOW), (identity, at) => void asked.push([identity, at]));
  assert.deepEqual(asked, [[publicHalf(master), NOW]]);
  assert.equal(server.finish(reply).id, "web01");
});

test("T8: a client whose checkMaster throws gives no third frame, and keeps the error", () => {
  const [client, server] = [new ClientHandshake(web01), new MasterHandshake(master)];
  const wrong = new Error("Cannot trust this master");
  const second = server.start(client.start(), NOW);
  assert.throws(() =>
    client.finish(second, () => {
      throw wrong;
    }), wrong);
});

test("T8: a man in the middle with keys of his own is seen by the client, which is shown those keys", () => {
  const middle = newIdentity();
  const client = new ClientHandshake(web01);
  const second = new MasterHandshake(middle).start(client.start(), NOW);
  let shown: PublicIdentity | undefined;
  const pinned = publicHalf(master);
  const check = (identity: PublicIdentity) => {
    shown = identity;
    assert.deepEqual(identity, pinned);
  };
  assert.throws(() => client.finish(second, check), assert.AssertionError);
  assert.deepEqual(shown, publicHalf(middle));
});

test("T8: a man in the middle cannot show the master's agreement key as his own", () => {
  const middle = newIdentity();
  const publicKey = master.agreement.publicKey; // he knows it, but not its secret half
  const liar = { agreement: { ...middle.agreement, publicKey }, signing: master.signing };
  const client = new ClientHandshake(web01);
  const second = new MasterHandshake(liar).start(client.start(), NOW);
  assert.throws(() => client.finish(second, trusting), ProtocolError);
});

test("T23: the master refuses every other version and says which it speaks", () => {
  for (const version of [0, 2, 255]) {
    const first = new ClientHandshake(web01).start().with(0, version);
    const message = `Cannot shake hands: version ${version} offered, this master speaks 1`;
    assert.throws(() => new MasterHandshake(master).start(first, NOW), { name: "ProtocolError", message });
  }
  assert.throws(() => new MasterHandshake(master).start(new Uint8Array(0), NOW), /version none offered/);
});

test("T23: a handshake fails when somebody in between changes the role", () => {
  const changeRole = (frame: Uint8Array, index: number) => index === 0 ? frame.with(1, 2) : frame;
  assert.throws(() => shakeHands(web01, changeRole), ProtocolError);
  for (const role of [0, 3, 255]) {
    const first = new ClientHandshake(web01).start().with(1, role);
    assert.throws(() => new MasterHandshake(master).start(first, NOW), /unknown role/);
  }
});

test("T22: the master refuses a frame of more than MAX_HANDSHAKE_BYTES before it reads it", () => {
  const first = new ClientHandshake(web01).start();
  const padded = (frame: Uint8Array, length: number) => concat(frame, new Uint8Array(length - frame.length));
  const server = () => new MasterHandshake(master);
  assert.throws(() => server().start(padded(first, MAX_HANDSHAKE_BYTES + 1), NOW), /4097 bytes at once/);
  assert.ok(server().start(padded(first, MAX_HANDSHAKE_BYTES), NOW), "a payload in the first message is allowed");

  const [client, other] = [new ClientHandshake(web01), server()];
  const { reply } = client.finish(other.start(client.start(), NOW), trusting);
  assert.throws(() => other.finish(padded(reply, MAX_HANDSHAKE_BYTES + 1)), ProtocolError);
  const huge = concat(Uint8Array.of(1), new Uint8Array(MAX_HANDSHAKE_BYTES));
  const late = new ClientHandshake(web01);
  late.start();
  assert.throws(() => late.finish(huge, trusting), /4097 bytes at once/);
});

test("frames of a handshake out of order or twice are refused", () => {
  const [client, server] = [new ClientHandshake(web01), new MasterHandshake(master)];
  const first = client.start();
  assert.throws(() => client.start(), ProtocolError);
  assert.throws(() => new MasterHandshake(master).finish(first), /out of order/);
  const second = server.start(first, NOW);
  assert.throws(() => server.start(first, NOW), /out of order/);
  const { reply } = client.finish(second, trusting);
  assert.throws(() => client.finish(second, trusting), ProtocolError);
  assert.equal(server.finish(reply).id, "web01");
  assert.throws(() => server.finish(reply), ProtocolError);
  assert.throws(() => new ClientHandshake(web01).finish(second, trusting), ProtocolError, "before its own first frame");
});

test("refusalFrame() tells the client why, fit for a terminal", () => {
  const client = new ClientHandshake(web01);
  client.start();
  const frame = refusalFrame("version 9 offered\u001b[2J\nand a line\u009b of its own\u202e");
  assert.throws(
    () => client.finish(frame, trusting),
    { name: "ProtocolError", message: /version 9 offered\\u001b\[2J\\u000aand a line\\u009b of its own\\u202e$/ },
  );
  const long = refusalFrame("x".repeat(100_000));
  assert.ok(long.length <= 301);
  assert.equal(long[0], 0);
  for (const frame of [new Uint8Array(0), Uint8Array.of(2), utf8("HTTP/1.1 400 Bad Request")]) {
    const other = new ClientHandshake(web01);
    other.start();
    assert.throws(() => other.finish(frame, trusting), /this is no Brine master/);
  }
});
