/**
 * With the other implementation: `jszmq`'s SUB and DEALER on our PUB and ROUTER, and ours on its.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { RouterMessage } from "../../src/transport/transport.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { buffers, JsClient, JsServer, jszmq } from "./jszmq.ts";
import { bytes, Collector, Reports, SOON, texts, zws } from "./kit.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };

test("a jszmq SUB gets what it subscribed to from our PUB", async () => {
  await using publisher = await zws().openPublisher(LOCAL);
  const sub = new jszmq.Sub();
  const got: string[][] = [];
  sub.on("message", (...frames) => got.push(texts(frames as Uint8Array[])));
  sub.subscribe("job");
  {
    using _client = new JsClient(sub, `ws://127.0.0.1:${publisher.port}`);
    await until("a subscription", () => publisher.send([bytes("job/1"), bytes("run")]) === 1);
    assert.equal(publisher.send([bytes("other")]), 0);
    assert.equal(publisher.send([bytes("job/2"), new Uint8Array(100_000).fill(65)]), 1);
    await until("both", () => got.length === 2);
    assert.deepEqual(got[0], ["job/1", "run"]);
    assert.deepEqual([got[1]?.[0], got[1]?.[1]?.length], ["job/2", 100_000]);
    sub.unsubscribe("job");
    await until("the end of it", () => publisher.send([bytes("job/3")]) === 0);
  }
  await until("the end", () => publisher.connections === 0);
});

test("a jszmq DEALER talks with our ROUTER", async () => {
  const reports = new Reports();
  await using router = await zws().openRouter({ ...LOCAL, ...reports });
  const inbox = new Collector<RouterMessage>(router);
  const dealer = new jszmq.Dealer();
  const got: string[][] = [];
  dealer.options.routingId = buffers("theirs")[0] as typeof dealer.options.routingId;
  dealer.on("message", (...frames) => got.push(texts(frames as Uint8Array[])));
  {
    using _client = new JsClient(dealer, `ws://127.0.0.1:${router.port}`);
    dealer.send(buffers("hello", "", "there"));
    const [peer, ...frames] = await inbox.take();
    assert.deepEqual(texts(frames), ["hello", "", "there"]);
    assert.ok(router.send(peer, [bytes("hello"), bytes("you")]));
    assert.ok(router.send(peer, [bytes("again")]));
    await until("answers", () => got.length === 2);
    assert.deepEqual(got, [["hello", "you"], ["again"]]);
  }
  await until("the end", () => router.connections === 0);
  assert.deepEqual(reports.all, []);
});

test("our SUB gets what it subscribed to from a jszmq PUB", async () => {
  const pub = new jszmq.Pub();
  await using server = await JsServer.open(pub);
  await using subscriber = zws().openSubscriber({ url: `${server.url}/`, reconnect: SOON });
  subscriber.subscribe(bytes("job"));
  const got = new Collector(subscriber);
  await until("a subscription", () => {
    pub.send(buffers("job/1", "run"));
    return got.items.length > 0;
  });
  assert.deepEqual(texts(await got.take()), ["job/1", "run"]);
  pub.send(buffers("job/2", "x".repeat(100_000)));
  await until("the second", () => texts(got.items.at(-1) ?? [])[0] === "job/2");
  assert.equal(got.items.at(-1)?.[1]?.length, 100_000);
});

test("our DEALER talks with a jszmq ROUTER, which knows it by its routing id", async () => {
  const router = new jszmq.Router();
  await using server = await JsServer.open(router);
  await using dealer = zws().openDealer({ url: `${server.url}/`, routingId: bytes("ours"), reconnect: SOON });
  const answers = new Collector(dealer);
  const got: string[][] = [];
  router.on("message", (id, ...frames) => {
    got.push(texts([id, ...frames] as Uint8Array[]));
    router.send([id, ...buffers("answer", "")]);
  });
  await until("a connection", () => dealer.isConnected);
  assert.ok(dealer.send([bytes("question"), bytes("")]));
  assert.deepEqual(texts(await answers.take()), ["answer", ""]);
  assert.deepEqual(got, [["\0ours", "question", ""]]); // jszmq marks names that were given with a zero byte
});
