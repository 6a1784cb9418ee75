/**
 * The six rules of ZWS 2.0 (see docs/protocol.md), looked at byte for byte: what our servers and our clients send, and
 * what they make of a peer that breaks a rule.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import type { Dealer, RouterMessage } from "../../src/transport/transport.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { bytes, Collector, Reports, SOON, texts, zws } from "./kit.ts";
import { BINARY, CLOSE, PING, PONG, RawClient, rawFrame, RawServer, TEXT } from "./raw.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };
const MEBIBYTE = 1024 * 1024;

test("rule 1: a server never fragments, not even a mebibyte, and never masks (rule 3)", async () => {
  await using router = await zws().openRouter(LOCAL);
  const inbox = new Collector<RouterMessage>(router);
  await using client = await RawClient.greet(router.port);
  client.binaryMessage([0, 1]);
  const [peer] = await inbox.take();
  router.send(peer, [new Uint8Array(MEBIBYTE)]);
  router.send(peer, [bytes("a"), bytes("b")]);
  await until("four frames", () => client.frames.length === 4);
  const seen = client.frames.map(({ fin, rsv, opcode, masked, payload }) => ({
    fin,
    rsv,
    opcode,
    masked,
    size: payload.length,
    flag: payload[0],
  }));
  const usual = { fin: true, rsv: 0, opcode: BINARY, masked: false };
  assert.deepEqual(seen, [
    { ...usual, size: 1, flag: 0 }, // the routing id, empty
    { ...usual, size: MEBIBYTE + 1, flag: 0 },
    { ...usual, size: 2, flag: 1 },
    { ...usual, size: 2, flag: 0 },
  ]);
});

test("rule 1: a publisher never fragments either", async () => {
  await using publisher = await zws().openPublisher(LOCAL);
  await using client = await RawClient.greet(publisher.port);
  client.binaryMessage([0, 1, 0x74]);
  await until("a subscription", () => publisher.send([bytes("t"), new Uint8Array(MEBIBYTE)]) === 1);
  await until("three frames", () => client.frames.length === 3);
  assert.ok(client.frames.every(({ fin, rsv, masked, opcode }) => fin && rsv === 0 && !masked && opcode === BINARY));
  assert.deepEqual(client.binary.map((message) => message.length), [1, 2, MEBIBYTE + 1]);
});

test("rules 1, 3, 6: a client masks, sets FIN, offers ZWS2.0 and no extension", async () => {
  await using server = await RawServer.open();
  await using dealer = zws().openDealer({ url: server.url, routingId: bytes("web01"), reconnect: false });
  const socket = await until("a handshake", () => server.sockets.find((one) => one.head !== ""));
  const head = socket.head.toLowerCase();
  assert.match(head, /\r\nsec-websocket-protocol: zws2\.0(\r\n|$)/);
  assert.match(head, /\r\nsec-websocket-version: 13(\r\n|$)/);
  assert.doesNotMatch(head, /sec-websocket-extensions|origin:/);
  assert.match(socket.head, /Sec-WebSocket-Protocol: ZWS2\.0/i);
  assert.ok(socket.head.includes("ZWS2.0"), "in its exact spelling");
  await until("the routing id", () => socket.frames.length === 1);
  assert.deepEqual(socket.binary, [new Uint8Array([0, ...bytes("web01")])]);
  assert.equal(dealer.isConnected, false, "not before the server's routing id");
  socket.write(rawFrame(BINARY, [0], { mask: false }));
  await until("a connection", () => dealer.isConnected);
  dealer.send([new Uint8Array(MEBIBYTE)]);
  dealer.send([bytes("a"), bytes("b")]);
  await until("all frames", () => socket.frames.length === 4);
  assert.ok(socket.frames.every(({ fin, rsv, masked, opcode }) => fin && rsv === 0 && masked && opcode === BINARY));
  assert.deepEqual(socket.binary.map((message) => [message.length, message[0]]), [
    [6, 0],
    [MEBIBYTE + 1, 0],
    [2, 1],
    [2, 0],
  ]);
});

test("a subscriber sends 0x01 topic and 0x00 topic as bodies of messages", async () => {
  await using server = await RawServer.open();
  await using subscriber = zws().openSubscriber({ url: server.url, reconnect: false });
  subscriber.subscribe(bytes("ab"));
  const socket = await until("a routing id", () => server.sockets[0]?.frames.length === 1 && server.sockets[0]);
  socket.write(rawFrame(BINARY, [0], { mask: false }));
  await until("the subscription", () => socket.frames.length === 2);
  subscriber.unsubscribe(bytes("ab"));
  await until("the end of it", () => socket.frames.length === 3);
  assert.deepEqual(socket.binary, [[0], [0, 1, 0x61, 0x62], [0, 0, 0x61, 0x62]].map((b) => new Uint8Array(b)));
});

test("rule 2: a server closes on a text message", async () => {
  const reports = new Reports();
  await using router = await zws().openRouter({ ...LOCAL, ...reports });
  await using client = await RawClient.greet(router.port);
  client.write(rawFrame(TEXT, bytes("hello")));
  await reports.seen(/text message/);
  await until("the close", () => client.isClosed);
  assert.equal(router.connections, 0);
});

test("rule 2: a ping is answered with its payload, and a close with a close", async () => {
  await using router = await zws().openRouter(LOCAL);
  await using client = await RawClient.greet(router.port);
  client.write(rawFrame(PING, bytes("beat")));
  const pong = await until("a pong", () => client.frames.find(({ opcode }) => opcode === PONG));
  assert.deepEqual(texts([pong.payload]), ["beat"]);
  client.write(rawFrame(CLOSE, [0x03, 0xe8]));
  await until("the close", () => client.isClosed && router.connections === 0);
});

test("rule 4: a server closes on a binary message of zero bytes, before and after the routing id", async () => {
  const reports = new Reports();
  await using router = await zws().openRouter({ ...LOCAL, ...reports });
  for (const greeting of [[], [[0]]]) {
    await using client = await RawClient.connect(router.port);
    for (const message of greeting) client.binaryMessage(message);
    client.binaryMessage([]);
    await reports.seen(/no flag byte/);
    await until("the close", () => client.isClosed);
    reports.all.length = 0;
  }
});

for (
  const { offer, status } of [
    { offer: "ZWS2.0", status: 101 },
    { offer: "ZWS2.0/NULL,ZWS2.0", status: 101 },
    { offer: "ZWS2.0/NULL, ZWS2.0", status: 101 },
    { offer: "chat ,  ZWS2.0", status: 101 },
    { offer: "ZWS2.0/NULL", status: 400 },
    { offer: "zws2.0", status: 400 },
    { offer: "ZWS2.0x", status: 400 },
    { offer: "", status: 400 },
    { offer: undefined, status: 400 },
  ]
) {
  test(`rule 5: the offer ${JSON.stringify(offer)} is answered ${status}`, async () => {
    const reports = new Reports();
    await using router = await zws().openRouter({ ...LOCAL, ...reports });
    await using client = await RawClient.connect(router.port, { "Sec-WebSocket-Protocol": offer });
    assert.equal(client.status, status, client.head);
    if (status === 400) {
      assert.match(reports.all[0]?.reason ?? "", /subprotocol/);
      return assert.equal(router.connections, 0);
    }
    const answers = client.head.split("\r\n").filter((line) => /^sec-websocket-protocol:/i.test(line));
    assert.equal(answers.length, 1, "once");
    assert.equal(client.header("Sec-WebSocket-Protocol"), "ZWS2.0");
    assert.equal(client.header("Connection"), "Upgrade");
    assert.equal(client.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });
}

test("rule 6: a server accepts no permessage-deflate", async () => {
  await using router = await zws().openRouter(LOCAL);
  await using client = await RawClient.connect(router.port, {
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
  });
  assert.equal(client.status, 101);
  assert.equal(client.header("Sec-WebSocket-Extensions"), undefined);
});

test("a server refuses what bears an Origin with 403, and what is no upgrade with 426", async () => {
  const reports = new Reports();
  await using router = await zws().openRouter({ ...LOCAL, ...reports });
  await using page = await RawClient.connect(router.port, { "Origin": "http://127.0.0.1" });
  assert.equal(page.status, 403);
  await using plain = await RawClient.connect(router.port, { "Upgrade": undefined, "Connection": undefined });
  assert.equal(plain.status, 426);
  assert.deepEqual(reports.all.map(({ kind, address }) => [kind, address]), [
    ["refused", "127.0.0.1"],
    ["refused", "127.0.0.1"],
  ]);
});

test("a handshake without a key is refused", async () => {
  await using router = await zws().openRouter(LOCAL);
  await using client = await RawClient.connect(router.port, { "Sec-WebSocket-Key": undefined });
  assert.equal(client.status, 400);
  assert.equal(router.connections, 0);
});

/** Opens a DEALER on a server that has greeted it. */
async function greeted(server: RawServer, dealer: Dealer) {
  const socket = await until("a routing id", () => server.sockets.at(-1)?.frames.length === 1 && server.sockets.at(-1));
  socket.write(rawFrame(BINARY, [0], { mask: false }));
  await until("a connection", () => dealer.isConnected);
  return socket;
}

for (
  const { what, frame, reason } of [
    { what: "a text message", frame: rawFrame(TEXT, bytes("x"), { mask: false }), reason: /text message/ },
    { what: "zero bytes", frame: rawFrame(BINARY, [], { mask: false }), reason: /no flag byte/ },
    { what: "a command", frame: rawFrame(BINARY, [2, 5], { mask: false }), reason: /flag is 0x02/ },
    {
      what: "too long a frame",
      frame: rawFrame(BINARY, new Uint8Array(102), { mask: false }),
      reason: /maxFrameBytes/,
    },
  ]
) {
  test(`a client gives the connection up on ${what}`, async () => {
    const reasons: string[] = [];
    await using server = await RawServer.open();
    await using dealer = zws().openDealer({
      url: server.url,
      reconnect: false,
      maxFrameBytes: 100,
      onDisconnect: (text) => reasons.push(text),
    });
    const socket = await greeted(server, dealer);
    socket.write(frame);
    await until("the end", () => reasons.length === 1);
    assert.match(reasons[0] ?? "", reason);
    await until("a close frame", () => socket.isClosed);
    socket.tcp.destroy();
  });
}

for (
  const { what, change } of [
    { what: "no subprotocol", change: (text: string) => text.replace(/Sec-WebSocket-Protocol: ZWS2.0\r\n/, "") },
    { what: "another subprotocol", change: (text: string) => text.replace("ZWS2.0", "ZWS2.0/NULL") },
    {
      what: "a redirect",
      change: () => "HTTP/1.1 302 Found\r\nLocation: ws://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
    },
    { what: "a refusal", change: () => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n" },
    { what: "something that is not HTTP", change: () => "SSH-2.0-OpenSSH_9.6\r\n\r\n" },
  ]
) {
  test(`a client that is answered with ${what} tries again and does not count as connected`, async () => {
    const reasons: string[] = [];
    await using server = await RawServer.open(change);
    await using dealer = zws().openDealer({ url: server.url, reconnect: SOON, onDisconnect: (r) => reasons.push(r) });
    await until("attempts", () => {
      for (const socket of server.sockets) if (socket.isClosed) socket.tcp.destroy();
      return reasons.length >= 2;
    });
    assert.equal(dealer.isConnected, false);
    await dealer[Symbol.asyncDispose]();
  });
}

test("a server listens on exactly its address", { skip: noProcNet() }, async () => {
  await using router = await zws().openRouter(LOCAL);
  const port = router.port.toString(16).toUpperCase().padStart(4, "0");
  const listening = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .map((line) => line.trim().split(/\s+/)).filter(([, local, , state]) =>
      local?.endsWith(`:${port}`) && state === "0A"
    );
  assert.deepEqual(listening.map(([, local]) => local), [`0100007F:${port}`]);
  const other = net.connect({ port: router.port, host: "127.0.0.2" });
  const failure = await new Promise((resolve) => other.once("error", resolve).once("connect", resolve));
  assert.match(String(failure), /ECONNREFUSED|refused/);
  other.destroy();
});

test("a server that cannot listen says why", async () => {
  await assert.rejects(zws().openRouter({ hostname: "192.0.2.1", port: 4505 }), {
    message: "Cannot listen on 192.0.2.1:4505: no interface of this machine has that address",
  });
});

function noProcNet(): string | false {
  try {
    readFileSync("/proc/net/tcp");
    return false;
  } catch {
    return "this system has no /proc/net/tcp";
  }
}
