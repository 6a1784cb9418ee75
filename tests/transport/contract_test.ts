/**
 * What every transport keeps: one suite, run over real sockets and over memory.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Peer, RouterMessage, Transport } from "../../src/transport/transport.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { bytes, Collector, memory, Reports, SOON, texts, zws } from "./kit.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };
const at = ({ port }: { readonly port: number }) => ({ url: `ws://127.0.0.1:${port}`, reconnect: SOON });

function contract(name: string, make: () => Transport): void {
  const it = (what: string, body: (transport: Transport) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(make()));

  it("a DEALER's message reaches the ROUTER, and its answer only that DEALER", async (transport) => {
    await using router = await transport.openRouter(LOCAL);
    await using one = transport.openDealer(at(router));
    await using two = transport.openDealer(at(router));
    const inbox = new Collector<RouterMessage>(router);
    const answersOne = new Collector(one);
    const answersTwo = new Collector(two);
    await until("connections", () => one.isConnected && two.isConnected);
    assert.ok(one.send([bytes("who"), bytes(""), bytes("one")]));
    const [peer, ...frames] = await inbox.take();
    assert.deepEqual(texts(frames), ["who", "", "one"]);
    assert.equal(peer.address, "127.0.0.1");
    assert.ok(router.send(peer, [bytes("a"), bytes("b")]));
    assert.ok(router.send(peer, [bytes("c")]));
    assert.deepEqual((await answersOne.takeMany(2)).map(texts), [["a", "b"], ["c"]]);
    assert.equal(answersTwo.items.length, 0);
  });

  it("a message keeps every byte, from none to a mebibyte", async (transport) => {
    await using router = await transport.openRouter(LOCAL);
    await using dealer = transport.openDealer(at(router));
    const inbox = new Collector<RouterMessage>(router);
    await until("a connection", () => dealer.isConnected);
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 1024 * 1024]) {
      const sent = new Uint8Array(size).map((_, index) => index % 251);
      assert.ok(dealer.send([sent]));
      const [, got] = await inbox.take();
      assert.deepEqual(got, sent);
    }
  });

  it("messages of one peer stay in order, and none is lost", async (transport) => {
    await using router = await transport.openRouter(LOCAL);
    await using dealer = transport.openDealer(at(router));
    const inbox = new Collector<RouterMessage>(router);
    await until("a connection", () => dealer.isConnected);
    const want = Array.from({ length: 5000 }, (_, index) => String(index));
    for (const text of want) assert.ok(dealer.send([bytes(text)]));
    assert.deepEqual((await inbox.takeMany(5000)).map(([, frame]) => texts([frame as Uint8Array])[0]), want);
  });

  it("a PUB sends to those whose prefix matches, once each, and counts them", async (transport) => {
    await using publisher = await transport.openPublisher(LOCAL);
    await using all = transport.openSubscriber(at(publisher));
    await using some = transport.openSubscriber(at(publisher));
    await using none = transport.openSubscriber(at(publisher));
    all.subscribe(bytes(""));
    for (const topic of ["a", "ab", "abc", "x"]) some.subscribe(bytes(topic));
    none.subscribe(bytes("z"));
    const [gotAll, gotSome, gotNone] = [all, some, none].map((subscriber) => new Collector(subscriber));
    await until("subscriptions", () => publisher.send([bytes("abcd"), bytes("body")]) === 2);
    await until("subscriptions", () => publisher.send([bytes("zero")]) === 2);
    const before = gotAll?.items.length ?? 0;
    assert.equal(publisher.send([bytes("b"), bytes("1")]), 1);
    assert.equal(publisher.send([bytes("abx"), bytes("2")]), 2);
    assert.equal(publisher.send([bytes("x"), bytes("3")]), 2);
    await until("the last message", () => (gotAll?.items.length ?? 0) >= before + 3 || gotAll?.items.at(-1));
    await until("x at both", () => texts(gotAll?.items.at(-1) ?? [])[1] === "3");
    await until("x at both", () => texts(gotSome?.items.at(-1) ?? [])[1] === "3");
    const firsts = (gotSome?.items ?? []).map((frames) => texts(frames).join());
    assert.deepEqual(firsts.slice(-2), ["abx,2", "x,3"]);
    assert.ok(firsts.slice(0, -2).every((text) => text === "abcd,body"));
    assert.ok((gotNone?.items ?? []).every((frames) => texts(frames)[0] === "zero"));
  });

  it("unsubscribe ends what subscribe began, and nothing else", async (transport) => {
    await using publisher = await transport.openPublisher(LOCAL);
    await using subscriber = transport.openSubscriber(at(publisher));
    subscriber.subscribe(bytes("a"));
    subscriber.subscribe(bytes("b"));
    const got = new Collector(subscriber);
    await until("both", () => publisher.send([bytes("a0")]) === 1 && publisher.send([bytes("b0")]) === 1);
    subscriber.unsubscribe(bytes("a"));
    await until("one gone", () => publisher.send([bytes("a1")]) === 0);
    assert.equal(publisher.send([bytes("b-last")]), 1);
    await until("the last", () => texts(got.items.at(-1) ?? [])[0] === "b-last");
  });

  it("send() does not change what it is given", async (transport) => {
    await using router = await transport.openRouter(LOCAL);
    await using dealer = transport.openDealer(at(router));
    const inbox = new Collector<RouterMessage>(router);
    await until("a connection", () => dealer.isConnected);
    const frames = [bytes("one"), bytes("two")];
    Object.freeze(frames);
    assert.ok(dealer.send(frames));
    const [peer] = await inbox.take();
    assert.ok(router.send(peer, frames));
    assert.deepEqual(texts(frames), ["one", "two"]);
  });

  it("send() refuses a message without frames", async (transport) => {
    await using publisher = await transport.openPublisher(LOCAL);
    assert.throws(() => publisher.send([]), /no frames/);
  });

  it("a peer that has gone is told by its signal, and sending to it is false", async (transport) => {
    await using router = await transport.openRouter(LOCAL);
    const inbox = new Collector<RouterMessage>(router);
    let peer: Peer;
    {
      await using dealer = transport.openDealer(at(router));
      await until("a connection", () => dealer.isConnected);
      dealer.send([bytes("hello")]);
      [peer] = await inbox.take();
      assert.equal(peer.closed.aborted, false);
      assert.equal(router.connections, 1);
    }
    await until("the end", () => peer.closed.aborted);
    assert.equal(router.send(peer, [bytes("x")]), false);
    router.disconnect(peer, "again");
    router.admit(peer);
    assert.equal(router.connections, 0);
  });

  it("disconnect() delivers what was sent before it, and the client comes back as another peer", async (transport) => {
    const peers: Peer[] = [];
    await using router = await transport.openRouter({ ...LOCAL, onConnect: (peer) => peers.push(peer) });
    await using dealer = transport.openDealer(at(router));
    const got = new Collector(dealer);
    const [first] = await until("a peer", () => dealer.isConnected && peers);
    assert.ok(first);
    for (let part = 0; part < 5; part++) assert.ok(router.send(first, [new Uint8Array(1024 * 1024).fill(part)]));
    router.disconnect(first, "genügend ".repeat(40));
    assert.ok(first.closed.aborted);
    assert.equal(router.send(first, [bytes("late")]), false);
    const parts = await got.takeMany(5);
    assert.deepEqual(parts.map(([frame]) => [frame?.length, frame?.[0]]), [0, 1, 2, 3, 4].map((n) => [1 << 20, n]));
    await until("another peer", () => peers.length === 2 && dealer.isConnected);
    assert.notEqual(peers[1]?.number, first.number);
  });

  it("a published message arrives before the disconnect that follows it", async (transport) => {
    const peers: Peer[] = [];
    await using publisher = await transport.openPublisher({ ...LOCAL, onConnect: (peer) => peers.push(peer) });
    await using subscriber = transport.openSubscriber({ ...at(publisher), reconnect: false });
    subscriber.subscribe(bytes("t"));
    const got = new Collector(subscriber);
    await until("a subscription", () => publisher.send([bytes("t0")]) === 1);
    for (let n = 0; n < 40; n++) publisher.send([bytes("t"), bytes(String(n))]);
    publisher.send([bytes("t-last")]);
    for (const peer of peers) publisher.disconnect(peer, "done");
    await got.done;
    assert.equal(texts(got.items.at(-1) ?? [])[0], "t-last");
  });

  it("a client reconnects when the server is back, and subscribes again in order", async (transport) => {
    const reasons: string[] = [];
    const topics: string[] = [];
    let port = 0;
    {
      await using first = await transport.openPublisher(LOCAL);
      port = first.port;
    }
    await using subscriber = transport.openSubscriber({
      ...at({ port }),
      onDisconnect: (reason, retryInMs) => {
        reasons.push(reason);
        assert.ok(retryInMs !== undefined && retryInMs <= SOON.maxMs);
      },
    });
    for (const topic of ["ticket", "b", "a"]) subscriber.subscribe(bytes(topic));
    await until("failed attempts", () => reasons.length >= 2);
    assert.equal(subscriber.isConnected, false);
    for (let round = 0; round < 2; round++) {
      topics.length = 0;
      await using _publisher = await transport.openPublisher({
        hostname: "127.0.0.1",
        port,
        gate: (_peer, topic) => {
          topics.push(...texts([topic]));
          return "subscribe";
        },
      });
      await until("the subscriptions", () => topics.length === 3);
      assert.deepEqual(topics, ["ticket", "b", "a"]);
      assert.ok(subscriber.isConnected);
    }
  });

  it("a DEALER without a connection sends nothing and queues nothing", async (transport) => {
    let port = 0;
    {
      await using gone = await transport.openRouter(LOCAL);
      port = gone.port;
    }
    await using dealer = transport.openDealer(at({ port }));
    assert.equal(dealer.send([bytes("lost")]), false);
    await using router = await transport.openRouter({ hostname: "127.0.0.1", port });
    const inbox = new Collector<RouterMessage>(router);
    await until("a connection", () => dealer.isConnected);
    assert.ok(dealer.send([bytes("kept")]));
    assert.deepEqual(texts((await inbox.take()).slice(1) as Uint8Array[]), ["kept"]);
  });

  it("drop() gives a connection up, and another one is made", async (transport) => {
    let connects = 0;
    const reasons: string[] = [];
    await using router = await transport.openRouter(LOCAL);
    await using dealer = transport.openDealer({
      ...at(router),
      onConnect: () => connects++,
      onDisconnect: (reason) => reasons.push(reason),
    });
    await until("a connection", () => dealer.isConnected);
    dealer.drop("keine Antwort: größer als ein Schließgrund sein darf, ".repeat(9));
    assert.equal(dealer.isConnected, false);
    await until("the next", () => connects === 2);
    assert.equal(reasons.length, 1);
  });

  it("without reconnect, the first failure is the last and ends the iteration", async (transport) => {
    const ends: [string, number | undefined][] = [];
    let port = 0;
    {
      await using gone = await transport.openRouter(LOCAL);
      port = gone.port;
    }
    await using dealer = transport.openDealer({
      ...at({ port }),
      reconnect: false,
      onDisconnect: (reason, retryInMs) => ends.push([reason, retryInMs]),
    });
    await new Collector(dealer).done;
    assert.equal(ends.length, 1);
    assert.equal(ends[0]?.[1], undefined);
  });

  it("disposing a client or a server ends its iteration", async (transport) => {
    const router = await transport.openRouter(LOCAL);
    const dealer = transport.openDealer(at(router));
    const [fromRouter, fromDealer] = [new Collector<RouterMessage>(router), new Collector(dealer)];
    await until("a connection", () => dealer.isConnected);
    await dealer[Symbol.asyncDispose]();
    await fromDealer.done;
    await router[Symbol.asyncDispose]();
    await fromRouter.done;
    await router[Symbol.asyncDispose](); // twice is once
  });

  it("two servers cannot have one address, and the second says so", async (transport) => {
    await using router = await transport.openRouter(LOCAL);
    const { port } = router;
    await assert.rejects(transport.openRouter({ hostname: "127.0.0.1", port }), {
      message: `Cannot listen on 127.0.0.1:${port}: address already in use`,
    });
  });

  it("a gate decides: subscribe, consume, refuse", async (transport) => {
    const reports = new Reports();
    const peers: Peer[] = [];
    await using publisher = await transport.openPublisher({
      ...LOCAL,
      ...reports,
      gate: (peer, topic) => {
        peers.push(peer);
        const [text] = texts([topic]);
        return text === "ticket" ? "consume" : text === "bad" ? "refuse" : "subscribe";
      },
    });
    await using subscriber = transport.openSubscriber({ ...at(publisher), reconnect: false });
    subscriber.subscribe(bytes("ticket"));
    subscriber.subscribe(bytes("jobs"));
    await until("a subscription", () => publisher.send([bytes("jobs")]) === 1);
    assert.equal(publisher.send([bytes("ticket")]), 0);
    assert.equal(peers.length, 2);
    subscriber.subscribe(bytes("bad"));
    await reports.seen(/refused/);
    await until("the end", () => !subscriber.isConnected && publisher.connections === 0);
    assert.equal(publisher.send([bytes("jobs")]), 0);
  });

  for (
    const { limit, limits, send } of [
      { limit: "maxFrameBytes", limits: { maxFrameBytes: 1000 }, send: [new Uint8Array(1001)] },
      { limit: "maxFrames", limits: { maxFrames: 3 }, send: [bytes("1"), bytes("2"), bytes("3"), bytes("4")] },
    ]
  ) {
    it(`${limit} closes that connection, is reported, and hurts nobody else`, async (transport) => {
      const reports = new Reports();
      await using router = await transport.openRouter({ ...LOCAL, ...reports, limits });
      await using good = transport.openDealer(at(router));
      await using bad = transport.openDealer({ ...at(router), reconnect: false });
      const inbox = new Collector<RouterMessage>(router);
      await until("connections", () => good.isConnected && bad.isConnected);
      const atBound = limit === "maxFrames" ? send.slice(1) : [new Uint8Array(1000)];
      assert.ok(good.send(atBound));
      assert.equal((await inbox.take()).length, atBound.length + 1);
      bad.send(send);
      assert.equal((await reports.seen(new RegExp(limit))).kind, "dropped");
      await until("the end", () => !bad.isConnected);
      assert.ok(good.send([bytes("still here")]));
      assert.deepEqual(texts((await inbox.take()).slice(1) as Uint8Array[]), ["still here"]);
      assert.equal(router.connections, 1);
    });
  }

  for (
    const { limit, limits, topics } of [
      { limit: "maxTopicBytes", limits: { maxTopicBytes: 4 }, topics: ["four", "fiver"] },
      { limit: "maxTopics", limits: { maxTopics: 2 }, topics: ["a", "b", "b", "c"] },
    ]
  ) {
    it(`${limit} closes that subscriber's connection and is reported`, async (transport) => {
      const reports = new Reports();
      await using publisher = await transport.openPublisher({ ...LOCAL, ...reports, limits });
      await using good = transport.openSubscriber(at(publisher));
      await using bad = transport.openSubscriber({ ...at(publisher), reconnect: false });
      for (const topic of topics.slice(0, -1)) good.subscribe(bytes(topic));
      for (const topic of topics) bad.subscribe(bytes(topic));
      await reports.seen(new RegExp(limit));
      await until("one left", () => publisher.send([bytes(topics[0] ?? "")]) === 1);
      await until("the end", () => !bad.isConnected && good.isConnected);
    });
  }

  it("maxInbox closes the connection whose message finds it full", async (transport) => {
    const reports = new Reports();
    await using router = await transport.openRouter({ ...LOCAL, ...reports, limits: { maxInbox: 10 } });
    await using dealer = transport.openDealer({ ...at(router), reconnect: false });
    await until("a connection", () => dealer.isConnected);
    for (let n = 0; n < 20; n++) dealer.send([bytes(String(n))]);
    await reports.seen(/maxInbox 10/);
    const inbox = new Collector<RouterMessage>(router); // what was queued is still there
    assert.equal((await inbox.takeMany(10)).length, 10);
    await until("the end", () => !dealer.isConnected);
  });

  it("a client's maxInbox drops its connection, which is made again", async (transport) => {
    const reasons: string[] = [];
    const peers: Peer[] = [];
    await using router = await transport.openRouter({ ...LOCAL, onConnect: (peer) => peers.push(peer) });
    await using dealer = transport.openDealer({ ...at(router), maxInbox: 10, onDisconnect: (r) => reasons.push(r) });
    const [peer] = await until("a connection", () => dealer.isConnected && peers);
    for (let n = 0; n < 20; n++) peer && router.send(peer, [bytes("flood")]);
    await until("the drop", () => reasons.some((reason) => /maxInbox 10/.test(reason)));
    await until("another", () => peers.length === 2 && dealer.isConnected);
  });

  it("maxConnections refuses the next one", async (transport) => {
    const reports = new Reports();
    await using router = await transport.openRouter({ ...LOCAL, ...reports, limits: { maxConnections: 2 } });
    await using one = transport.openDealer(at(router));
    await using two = transport.openDealer(at(router));
    await until("two", () => one.isConnected && two.isConnected);
    await using three = transport.openDealer(at(router));
    assert.equal((await reports.seen(/maxConnections 2/)).kind, "refused");
    assert.equal(three.isConnected, false);
    assert.equal(router.connections, 2);
  });

  it("maxHalfOpenPerAddress counts only those who are not admitted", async (transport) => {
    const reports = new Reports();
    const peers: Peer[] = [];
    await using router = await transport.openRouter({
      ...LOCAL,
      ...reports,
      limits: { maxHalfOpenPerAddress: 2 },
      onConnect: (peer) => peers.push(peer),
    });
    await using one = transport.openDealer(at(router));
    await using two = transport.openDealer(at(router));
    await until("two", () => one.isConnected && two.isConnected);
    await using three = transport.openDealer(at(router));
    assert.equal((await reports.seen(/maxHalfOpenPerAddress 2/)).kind, "refused");
    assert.equal(three.isConnected, false);
    const [first] = peers;
    assert.ok(first);
    router.admit(first);
    router.admit(first); // twice is once
    await until("the third", () => three.isConnected);
    assert.equal(router.connections, 3);
  });
}

contract("zws", zws);
contract("memory", memory);
