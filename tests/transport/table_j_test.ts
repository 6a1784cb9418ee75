/**
 * Table J: what `jszmq` 0.1.2 gets wrong, one test for each row that ours does not. See docs/protocol.md.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Backoff } from "../../src/core/backoff.ts";
import { openWebSocketClient } from "../../src/runtime/websocket_client.ts";
import { openWebSocketServer } from "../../src/runtime/websocket_server.ts";
import type { Peer, RouterMessage } from "../../src/transport/transport.ts";
import { zwsTransport } from "../../src/transport/zws/zws.ts";
import { zwsSockets } from "../../src/transport/zws/sockets.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { bytes, Collector, Reports, seededRandom, SOON, texts, zws } from "./kit.ts";
import { BINARY, RawClient, rawFrame } from "./raw.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };
const urlOf = ({ port }: { readonly port: number }) => `ws://127.0.0.1:${port}`;

test("J1: a subscriber that once matched does not receive other topics afterwards", async () => {
  await using publisher = await zws().openPublisher(LOCAL);
  await using subscriber = zws().openSubscriber({ url: urlOf(publisher) });
  subscriber.subscribe(bytes("mine"));
  const got = new Collector(subscriber);
  await until("a subscription", () => publisher.send([bytes("mine")]) === 1);
  for (let n = 0; n < 100; n++) assert.equal(publisher.send([bytes(`other ${n}`)]), 0);
  publisher.send([bytes("mine too")]);
  await until("the last", () => got.items.length === 2);
  assert.deepEqual(got.items.map((frames) => texts(frames)[0]), ["mine", "mine too"]);
});

test("J2: an unauthenticated subscription of 60 kB ends its own connection only", async () => {
  const reports = new Reports();
  await using publisher = await zws().openPublisher({ ...LOCAL, ...reports });
  await using client = await RawClient.greet(publisher.port);
  client.binaryMessage([0, 1, ...new Uint8Array(60_000)]);
  await reports.seen(/maxTopicBytes 64/);
  await until("the close", () => client.isClosed);
  await using subscriber = zws().openSubscriber({ url: urlOf(publisher) });
  subscriber.subscribe(bytes(""));
  await until("a subscription", () => publisher.send([bytes("alive")]) === 1);
});

test("J3: a server on 127.0.0.1 is not reachable on another address of this machine", async () => {
  await using router = await zws().openRouter(LOCAL);
  const ends: string[] = [];
  await using dealer = zws().openDealer({
    url: `ws://127.0.0.2:${router.port}`,
    reconnect: false,
    onDisconnect: (reason) => ends.push(reason),
  });
  await until("the refusal", () => ends.length === 1);
  assert.equal(dealer.isConnected, false);
  assert.equal(router.hostname, "127.0.0.1");
});

test("J4: a second peer with the same routing id takes nothing over", async () => {
  await using router = await zws().openRouter(LOCAL);
  const inbox = new Collector<RouterMessage>(router);
  const open = () => zws().openDealer({ url: urlOf(router), routingId: bytes("web01"), reconnect: false });
  await using first = open();
  await using second = open();
  const [gotFirst, gotSecond] = [new Collector(first), new Collector(second)];
  await until("both", () => first.isConnected && second.isConnected);
  const peers = new Map<string, Peer>();
  first.send([bytes("first")]);
  second.send([bytes("second")]);
  for (const [peer, frame] of await inbox.takeMany(2)) peers.set(texts([frame as Uint8Array])[0] ?? "", peer);
  for (const [name, peer] of peers) assert.ok(router.send(peer, [bytes(`to ${name}`)]));
  assert.deepEqual(texts(await gotFirst.take()), ["to first"]);
  assert.deepEqual(texts(await gotSecond.take()), ["to second"]);
});

test("J5: when the old connection of a routing id closes, the new one still gets its replies", async () => {
  await using router = await zws().openRouter(LOCAL);
  const inbox = new Collector<RouterMessage>(router);
  const open = () => zws().openDealer({ url: urlOf(router), routingId: bytes("web01"), reconnect: false });
  const old = open();
  await until("the old one", () => old.isConnected);
  await using young = open();
  const got = new Collector(young);
  await until("the new one", () => young.isConnected);
  young.send([bytes("question")]);
  const [peer] = await inbox.take();
  await old[Symbol.asyncDispose]();
  await until("one left", () => router.connections === 1);
  assert.ok(router.send(peer, [bytes("answer")]));
  assert.deepEqual(texts(await got.take()), ["answer"]);
});

test("J6: a refused connection is a report and another attempt, not the end of the process", async () => {
  let port: number;
  {
    await using gone = await zws().openRouter(LOCAL);
    port = gone.port;
  }
  const reasons: string[] = [];
  await using _dealer = zws().openDealer({
    url: urlOf({ port }),
    reconnect: SOON,
    onDisconnect: (r) => reasons.push(r),
  });
  await until("three attempts", () => reasons.length >= 3);
  assert.match(reasons[0] ?? "", /^nobody listens there$/);
});

test("J7: a peer that offers ZWS2.0/NULL,ZWS2.0 gets ZWS2.0, and no READY is taken for its routing id", async () => {
  const reports = new Reports();
  await using router = await zws().openRouter({ ...LOCAL, ...reports });
  await using client = await RawClient.connect(router.port, { "Sec-WebSocket-Protocol": "ZWS2.0/NULL,ZWS2.0" });
  assert.equal(client.header("Sec-WebSocket-Protocol"), "ZWS2.0");
  client.binaryMessage([2, 5, ...bytes("READY")]);
  await reports.seen(/flag is 0x02/);
  await until("the close", () => client.isClosed);
});

test("J8: a peer that negotiates no subprotocol is not accepted", async () => {
  await using router = await zws().openRouter(LOCAL);
  await using client = await RawClient.connect(router.port, { "Sec-WebSocket-Protocol": undefined });
  assert.equal(client.status, 400);
  assert.equal(router.connections, 0);
});

test("J9: a stalled subscriber costs no more than maxQueuedBytes, and a disconnected DEALER queues nothing", async () => {
  const reports = new Reports();
  await using publisher = await zws().openPublisher({ ...LOCAL, ...reports, limits: { maxQueuedBytes: 2 << 20 } });
  await using client = await RawClient.greet(publisher.port);
  client.binaryMessage([0, 1]);
  await until("a subscription", () => publisher.send([bytes("x")]) === 1);
  client.tcp.pause();
  let sent = 0;
  while (publisher.send([new Uint8Array(1 << 20)]) === 1) assert.ok(++sent < 64, "it is dropped in time");
  await reports.seen(/maxQueuedBytes/);
  {
    await using dealer = zws().openDealer({ url: urlOf({ port: 1 }), reconnect: false });
    assert.equal(dealer.send([bytes("lost")]), false);
  }
});

test("J10: a URL without a port means port 80, and what is no ws URL is refused in words", async () => {
  await using dealer = zws().openDealer({ url: "ws://127.0.0.1/", reconnect: false });
  await new Collector(dealer).done; // nobody listens there; it does not throw
  assert.throws(() => zws().openDealer({ url: "not a url" }), /Cannot connect to not a url/);
});

test("J11: disposing a server closes every connection", async () => {
  const router = await zws().openRouter(LOCAL);
  const clients = await Promise.all(Array.from({ length: 7 }, () => RawClient.greet(router.port)));
  await until("seven", () => router.connections === 7);
  await router[Symbol.asyncDispose]();
  assert.equal(router.connections, 0);
  await until("all closed", () => clients.every((client) => client.hasEnded));
  for (const client of clients) await client[Symbol.asyncDispose]();
  await using again = await zws().openRouter({ hostname: "127.0.0.1", port: router.port });
  assert.equal(again.port, router.port);
});

test("J12: a command frame ends the connection instead of a message, and size is limited", async () => {
  for (const message of [[2, 1, 2, 3], new Uint8Array(1002)]) {
    const reports = new Reports();
    await using router = await zws().openRouter({ ...LOCAL, ...reports, limits: { maxFrameBytes: 1000 } });
    const inbox = new Collector<RouterMessage>(router);
    await using client = await RawClient.greet(router.port);
    client.binaryMessage([1, 1]); // the first half of a message that is never complete
    client.write(rawFrame(BINARY, message));
    await reports.seen(/flag is 0x02|maxFrameBytes/);
    await until("the close", () => client.isClosed);
    assert.equal(inbox.items.length, 0);
  }
});

test("J13: ROUTER send() leaves the caller's array alone, takes Uint8Array, and says when a peer has gone", async () => {
  await using router = await zws().openRouter(LOCAL);
  const inbox = new Collector<RouterMessage>(router);
  await using dealer = zws().openDealer({ url: urlOf(router), reconnect: false });
  await until("a connection", () => dealer.isConnected);
  dealer.send([bytes("hello")]);
  const [peer] = await inbox.take();
  const frames = Object.freeze([new Uint8Array([1]), new Uint8Array([2])]);
  assert.ok(router.send(peer, frames));
  assert.deepEqual(frames, [new Uint8Array([1]), new Uint8Array([2])]);
  dealer.drop("done");
  await until("the end", () => peer.closed.aborted);
  assert.equal(router.send(peer, frames), false);
});

test("J14: a lost reply wedges nobody: a DEALER sends again without an answer", async () => {
  await using router = await zws().openRouter(LOCAL);
  const inbox = new Collector<RouterMessage>(router);
  await using dealer = zws().openDealer({ url: urlOf(router), reconnect: SOON });
  await until("a connection", () => dealer.isConnected);
  for (const text of ["one", "two", "three"]) assert.ok(dealer.send([bytes(text)])); // never answered
  assert.equal((await inbox.takeMany(3)).length, 3);
});

test("J15: a message is encoded once, however many subscribers there are", async () => {
  const published: Uint8Array[] = [];
  const transport = zwsSockets({
    clock: new ManualClock(),
    random: seededRandom(),
    connect: openWebSocketClient,
    listen: async (options) => {
      const server = await openWebSocketServer(options);
      return {
        hostname: server.hostname,
        port: server.port,
        publish: (group, message) => {
          published.push(message);
          server.publish(group, message);
        },
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  });
  await using publisher = await transport.openPublisher(LOCAL);
  await using subscribers = new AsyncDisposableStack();
  for (let n = 0; n < 20; n++) {
    const subscriber = subscribers.use(transport.openSubscriber({ url: urlOf(publisher) }));
    subscriber.subscribe(bytes("job"));
  }
  await until("twenty", () => publisher.send([bytes("job")]) === 20);
  published.length = 0;
  assert.equal(publisher.send([bytes("job"), bytes("once")]), 20);
  assert.equal(published.length, 2, "one encoded message for each frame, for all twenty");
});

test("J16: attempts to reconnect spread out: exponential, capped, with full jitter", async () => {
  let port: number;
  {
    await using gone = await zws().openRouter(LOCAL);
    port = gone.port;
  }
  const clock = new ManualClock();
  const waits: number[] = [];
  const reconnect = { firstMs: 100, maxMs: 1_000 };
  await using _dealer = zwsTransport({ clock, random: seededRandom(42) }).openDealer({
    url: urlOf({ port }),
    reconnect,
    onDisconnect: (_reason, retryInMs) => waits.push(retryInMs ?? -1),
  });
  for (let round = 1; round <= 8; round++) {
    await until(`attempt ${round}`, () => waits.length === round);
    clock.advance(waits.at(-1) ?? 0);
  }
  const same = new Backoff({ ...reconnect, random: seededRandom(42) });
  assert.deepEqual(waits.slice(0, 8), Array.from({ length: 8 }, () => same.nextMs()));
  assert.ok(waits.every((wait, at) => wait <= Math.min(1_000, 100 * 2 ** at)));
  assert.ok(new Set(waits).size > 4, "they differ");
});
