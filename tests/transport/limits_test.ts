/**
 * Limits, slow peers, silence and floods, over real sockets: what the contract cannot show without a peer that
 * misbehaves.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MemoryNetwork, memoryTransport } from "../../src/transport/memory.ts";
import type { Peer, RouterMessage } from "../../src/transport/transport.ts";
import { zwsTransport } from "../../src/transport/zws/zws.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { runtimeName, test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { bytes, Collector, Reports, seededRandom, texts, zws } from "./kit.ts";
import { BINARY, RawClient, rawFrame, RawServer } from "./raw.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };

test("admitTimeoutMs ends a connection that nobody admits, and spares the admitted", async () => {
  const clock = new ManualClock();
  const reports = new Reports();
  const peers: Peer[] = [];
  {
    const transport = zwsTransport({ clock, random: seededRandom() });
    await using router = await transport.openRouter({
      ...LOCAL,
      ...reports,
      limits: { admitTimeoutMs: 5_000 },
      onConnect: (peer) => peers.push(peer),
    });
    await using _good = await RawClient.greet(router.port);
    await until("the first", () => peers.length === 1);
    await using bad = await RawClient.greet(router.port);
    const [first, second] = await until("both", () => peers.length === 2 && peers);
    assert.ok(first && second);
    router.admit(first);
    clock.advance(4_999);
    assert.equal(router.connections, 2);
    clock.advance(1);
    assert.equal(router.connections, 1);
    assert.ok(second.closed.aborted && !first.closed.aborted);
    await reports.seen(/admitTimeoutMs 5000/);
    await until("the close", () => bad.isClosed);
  }
  assert.equal(clock.pending, 0);
});

test("a PUB without a gate admits on the first subscription", async () => {
  const clock = new ManualClock();
  await using publisher = await zwsTransport({ clock, random: seededRandom() }).openPublisher(LOCAL);
  await using client = await RawClient.greet(publisher.port);
  client.binaryMessage([0, 1]);
  await until("the subscription", () => publisher.send([bytes("x")]) === 1);
  clock.advance(3_600_000);
  assert.equal(publisher.connections, 1);
});

test("a PUB with a gate leaves admitting to it", async () => {
  const clock = new ManualClock();
  await using publisher = await zwsTransport({ clock, random: seededRandom() }).openPublisher({
    ...LOCAL,
    gate: () => "subscribe",
  });
  await using client = await RawClient.greet(publisher.port);
  client.binaryMessage([0, 1]);
  await until("the subscription", () => publisher.send([bytes("x")]) === 1);
  clock.advance(5_000);
  assert.equal(publisher.connections, 0);
});

test("a routing id over 255 bytes closes the connection", async () => {
  const reports = new Reports();
  await using router = await zws().openRouter({ ...LOCAL, ...reports });
  await using fits = await RawClient.connect(router.port);
  fits.binaryMessage(new Uint8Array(256));
  await using client = await RawClient.connect(router.port);
  client.binaryMessage(new Uint8Array(257));
  await reports.seen(/routing id: 256 bytes/);
  await until("the close", () => client.isClosed);
  assert.equal(router.connections, 1);
});

test("maxQueuedBytes drops the subscriber that never reads, while the others get everything", async () => {
  const reports = new Reports();
  await using publisher = await zws().openPublisher({ ...LOCAL, ...reports, limits: { maxQueuedBytes: 4 << 20 } });
  await using slow = await RawClient.greet(publisher.port);
  await using subscriber = zws().openSubscriber({ url: `ws://127.0.0.1:${publisher.port}` });
  subscriber.subscribe(bytes("t"));
  const got = new Collector(subscriber);
  slow.binaryMessage([0, 1, 0x74]);
  await until("both", () => publisher.send([bytes("t"), bytes("warm-up")]) === 2);
  await until("warm-ups", () => got.items.length > 0);
  got.items.length = 0;
  slow.tcp.pause();
  const body = new Uint8Array(64 * 1024);
  let sent = 0;
  while (reports.all.length === 0 && sent < 1000) {
    publisher.send([bytes("t"), bytes(String(sent++)), body]);
    // The good one keeps up because it is given the chance to.
    await until("the message", () => got.items.length >= sent);
  }
  const report = await reports.seen(/maxQueuedBytes/);
  assert.equal(report.kind, "dropped");
  assert.ok(sent < 1000, "dropped by its bound");
  assert.equal(publisher.connections, 1);
  assert.equal(publisher.send([bytes("t"), bytes("last")]), 1);
  await until("the last", () => got.items.length === sent + 1);
  assert.deepEqual(got.items.map((frames) => texts([frames[1] ?? bytes("?")])[0]), [
    ...Array.from({ length: sent }, (_, n) => String(n)),
    "last",
  ]);
});

test("maxQueuedBytes is reported also when many small messages reach it", async () => {
  const reports = new Reports();
  await using publisher = await zws().openPublisher({ ...LOCAL, ...reports, limits: { maxQueuedBytes: 1 << 20 } });
  await using slow = await RawClient.greet(publisher.port);
  slow.binaryMessage([0, 1]);
  await until("a subscription", () => publisher.send([bytes("x")]) === 1);
  slow.tcp.pause();
  const body = new Uint8Array(3000);
  await until("the drop", () => {
    for (let n = 0; n < 5 * 20; n++) publisher.send([body]);
    return publisher.connections === 0;
  });
  await reports.seen(/maxQueuedBytes/);
  assert.equal(reports.all.length, 1);
});

test("maxQueuedBytes drops the dealer that never reads, and send() says false", async () => {
  const reports = new Reports();
  await using router = await zws().openRouter({ ...LOCAL, ...reports, limits: { maxQueuedBytes: 4 << 20 } });
  const inbox = new Collector<RouterMessage>(router);
  await using slow = await RawClient.greet(router.port);
  slow.binaryMessage([0, 1]);
  const [peer] = await inbox.take();
  slow.tcp.pause();
  let sent = 0;
  while (router.send(peer, [new Uint8Array(256 * 1024)])) assert.ok(++sent < 1000);
  await reports.seen(/maxQueuedBytes/);
  assert.ok(peer.closed.aborted);
  assert.equal(router.connections, 0);
});

test("a client's maxQueuedBytes makes send() false while the server does not read", async () => {
  await using server = await RawServer.open();
  await using dealer = zws().openDealer({ url: server.url, reconnect: false, maxQueuedBytes: 4 << 20 });
  const socket = await until("a routing id", () => server.sockets[0]?.frames.length === 1 && server.sockets[0]);
  socket.write(rawFrame(BINARY, [0], { mask: false }));
  await until("a connection", () => dealer.isConnected);
  socket.tcp.pause();
  let sent = 0;
  while (dealer.send([new Uint8Array(256 * 1024)])) assert.ok(++sent < 1000);
  assert.ok(sent >= 15, "what fits was taken");
  assert.ok(dealer.isConnected, "and the connection lives");
  socket.tcp.destroy();
});

test("idleTimeoutMs drops a peer that answers no ping", { timeoutMs: 40_000 }, async () => {
  const reports = new Reports();
  const peers: Peer[] = [];
  // 8 s is the least that Bun knows.
  await using router = await zws().openRouter({
    ...LOCAL,
    ...reports,
    idleTimeoutMs: runtimeName === "bun" ? 8000 : 400,
    onConnect: (peer) => peers.push(peer),
  });
  await using _dead = await RawClient.greet(router.port);
  router.admit(await until("a connection", () => peers[0]));
  await until("the end", () => router.connections === 0, 30_000);
  assert.equal(reports.all.length, 1);
  assert.match(reports.all[0]?.reason ?? "", /inactivity|ping/);
});

test("a client gives up a connection that says nothing for idleTimeoutMs, and makes another", async () => {
  const clock = new ManualClock();
  const reasons: string[] = [];
  await using server = await RawServer.open();
  const transport = zwsTransport({ clock, random: seededRandom() });
  await using dealer = transport.openDealer({
    url: server.url,
    idleTimeoutMs: 30_000,
    onDisconnect: (reason) => reasons.push(reason),
  });
  const socket = await until("a routing id", () => server.sockets[0]?.frames.length === 1 && server.sockets[0]);
  socket.write(rawFrame(BINARY, [0], { mask: false }));
  await until("a connection", () => dealer.isConnected);
  clock.advance(20_000);
  assert.ok(dealer.isConnected);
  clock.advance(10_000);
  assert.equal(dealer.isConnected, false);
  assert.deepEqual(reasons, ["Nothing heard for 30000 ms"]);
  clock.advance(100);
  await until("another", () => server.sockets.length === 2);
  for (const one of server.sockets) one.tcp.destroy();
  await dealer[Symbol.asyncDispose]();
  assert.equal(clock.pending, 0);
});

test("a client's pings keep a silent connection alive", {
  skip: runtimeName === "deno" && "Deno's WebSocket client cannot ping",
}, async () => {
  const clock = new ManualClock();
  await using router = await zws().openRouter(LOCAL);
  await using dealer = zwsTransport({ clock, random: seededRandom() }).openDealer({
    url: `ws://127.0.0.1:${router.port}`,
    idleTimeoutMs: 300,
  });
  await until("a connection", () => dealer.isConnected);
  for (let beat = 0; beat < 5; beat++) {
    clock.advance(100);
    await using probe = zws().openDealer({ url: `ws://127.0.0.1:${router.port}` });
    await until("a round trip", () => probe.isConnected);
  }
  assert.ok(dealer.isConnected);
});

test("connectTimeoutMs ends an attempt that is never answered", async () => {
  const clock = new ManualClock();
  const ends: [string, number | undefined][] = [];
  await using server = await RawServer.open(() => undefined);
  await using _dealer = zwsTransport({ clock, random: seededRandom() }).openDealer({
    url: server.url,
    reconnect: false,
    connectTimeoutMs: 2_000,
    onDisconnect: (reason, retryInMs) => ends.push([reason, retryInMs]),
  });
  await until("a handshake", () => server.sockets[0]?.head);
  clock.advance(1_999);
  assert.equal(ends.length, 0);
  clock.advance(1);
  assert.deepEqual(ends, [["No answer within 2000 ms", undefined]]);
  for (const socket of server.sockets) socket.tcp.destroy();
});

test("a client waits longer each time a server lets it in only to throw it out", async () => {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock, random: () => 0.999_999 });
  const transport = memoryTransport(network);
  const waits: (number | undefined)[] = [];
  await using router = await transport.openRouter({
    ...LOCAL,
    onConnect: (peer) => queueMicrotask(() => router.disconnect(peer, "out")),
  });
  await using _dealer = transport.openDealer({
    url: `ws://127.0.0.1:${router.port}`,
    reconnect: { firstMs: 100, maxMs: 10_000 },
    onDisconnect: (_reason, retryInMs) => waits.push(retryInMs),
  });
  for (let round = 1; round <= 5; round++) {
    await until("a disconnect", () => waits.length === round);
    clock.advance(waits[round - 1] ?? 0);
  }
  assert.deepEqual(waits.slice(0, 5), [100, 200, 400, 800, 1600]);
});

test("a flood of malformed messages costs its senders their connections and nobody else anything", async () => {
  const reports = new Reports();
  const random = seededRandom(7);
  await using router = await zws().openRouter({ ...LOCAL, ...reports });
  await using publisher = await zws().openPublisher({ ...LOCAL, ...reports });
  await using good = zws().openDealer({ url: `ws://127.0.0.1:${router.port}`, reconnect: false });
  const inbox = new Collector<RouterMessage>(router);
  await until("a connection", () => good.isConnected);
  const noise = (size: number) => Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
  for (let round = 0; round < 60; round++) {
    const port = round % 2 ? router.port : publisher.port;
    await using bad = await RawClient.connect(port);
    if (round % 3) bad.binaryMessage([0]);
    bad.write(round % 5 ? rawFrame(BINARY, [3 + round, ...noise(round)]) : noise(200));
    bad.write(noise(50));
    await until("the close", () => bad.isClosed);
    if (round % 10 === 0) {
      assert.ok(good.send([bytes(String(round))]));
      assert.deepEqual(texts((await inbox.take()).slice(1) as Uint8Array[]), [String(round)]);
    }
  }
  await until("only the good one", () => router.connections === 1 && publisher.connections === 0);
  assert.ok(reports.all.length >= 40);
});
