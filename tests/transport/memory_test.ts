/** Tests of what only the in-memory network can do: cutting, healing, severing, time by hand. @module */
import assert from "node:assert/strict";
import { MemoryNetwork, memoryTransport } from "../../src/transport/memory.ts";
import { ManualClock } from "../kit/manual_clock.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";
import { bytes, Collector, Reports, seededRandom, texts } from "./kit.ts";

const MASTER = { hostname: "10.0.0.1", port: 4505 };
const URL_OF_MASTER = "ws://10.0.0.1:4505";

function world() {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock, random: seededRandom() });
  return { clock, network, on: (address: string) => memoryTransport(network, { address }) };
}

/** Lets every microtask run that is due. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

test("MemoryNetwork holds what is sent on a cut path and delivers it in order when it heals", async () => {
  const { network, on } = world();
  await using publisher = await on("10.0.0.1").openPublisher(MASTER);
  await using near = on("10.0.0.2").openSubscriber({ url: URL_OF_MASTER });
  await using far = on("10.0.0.3").openSubscriber({ url: URL_OF_MASTER });
  for (const subscriber of [near, far]) subscriber.subscribe(bytes(""));
  const [gotNear, gotFar] = [new Collector(near), new Collector(far)];
  await settle();
  network.cut("10.0.0.3");
  for (const text of ["1", "2", "3"]) assert.equal(publisher.send([bytes(text)]), 2);
  await settle();
  assert.deepEqual(gotNear.items.map((frames) => texts(frames)[0]), ["1", "2", "3"]);
  assert.equal(gotFar.items.length, 0);
  network.heal("10.0.0.3");
  await settle();
  assert.deepEqual(gotFar.items.map((frames) => texts(frames)[0]), ["1", "2", "3"]);
});

test("MemoryNetwork drops a subscriber behind a cut path at maxQueuedBytes", async () => {
  const { network, on } = world();
  const reports = new Reports();
  await using publisher = await on("10.0.0.1").openPublisher({
    ...MASTER,
    ...reports,
    limits: { maxQueuedBytes: 5000 },
  });
  await using far = on("10.0.0.3").openSubscriber({ url: URL_OF_MASTER, reconnect: false });
  far.subscribe(bytes(""));
  await settle();
  network.cut("10.0.0.3");
  let sent = 0;
  while (publisher.send([new Uint8Array(1000)]) === 1) assert.ok(++sent < 10);
  assert.equal(sent, 4);
  assert.match(reports.all[0]?.reason ?? "", /maxQueuedBytes/);
  assert.ok(far.isConnected, "it cannot know yet");
  network.heal("10.0.0.3");
  await settle();
  assert.equal(far.isConnected, false);
});

test("MemoryNetwork lets both ends see a cut path by their idle timeouts", async () => {
  const { clock, network, on } = world();
  const reports = new Reports();
  const reasons: string[] = [];
  await using router = await on("10.0.0.1").openRouter({
    ...MASTER,
    ...reports,
    idleTimeoutMs: 30_000,
    onConnect: (peer) => router.admit(peer),
  });
  await using dealer = on("10.0.0.2").openDealer({
    url: URL_OF_MASTER,
    idleTimeoutMs: 30_000,
    onDisconnect: (reason) => reasons.push(reason),
  });
  await settle();
  for (let minute = 0; minute < 6; minute++) {
    clock.advance(10_000);
    await settle(); // pongs
  }
  assert.ok(dealer.isConnected, "pings keep it");
  network.cut("10.0.0.1");
  clock.advance(40_000);
  await settle();
  assert.equal(router.connections, 0);
  assert.match(reports.all.at(-1)?.reason ?? "", /Silent for 30000 ms/);
  assert.deepEqual(reasons, ["Nothing heard for 30000 ms", "No answer within 10000 ms"]);
  network.heal("10.0.0.1");
  clock.advance(30_000);
  await until("another connection", () => dealer.isConnected);
});

test("MemoryNetwork ends both sides of a severed connection at once", async () => {
  const { clock, network, on } = world();
  const reasons: string[] = [];
  await using router = await on("10.0.0.1").openRouter(MASTER);
  await using dealer = on("10.0.0.2").openDealer({ url: URL_OF_MASTER, onDisconnect: (r) => reasons.push(r) });
  await settle();
  network.sever("10.0.0.2");
  assert.deepEqual([router.connections, dealer.isConnected, network.connections], [0, false, 0]);
  assert.deepEqual(reasons, ["Connection reset"]);
  clock.advance(100);
  await settle();
  assert.ok(dealer.isConnected);
});

test("MemoryNetwork carries a thousand minions, leaves no timer behind, and does the same every time", async () => {
  const run = async () => {
    const { clock, network, on } = world();
    const log: string[] = [];
    {
      await using publisher = await on("10.0.0.1").openPublisher(MASTER);
      await using minions = new AsyncDisposableStack();
      for (let n = 0; n < 1000; n++) {
        const minion = minions.use(
          on(`10.1.${n >> 8}.${n & 255}`).openSubscriber({
            url: URL_OF_MASTER,
            onDisconnect: (_reason, retryInMs) => log.push(`${n} back in ${retryInMs}`),
          }),
        );
        minion.subscribe(bytes("job"));
      }
      await settle();
      assert.equal(publisher.send([bytes("job/1")]), 1000);
      network.sever("10.0.0.1");
      assert.equal(publisher.connections, 0);
      clock.advance(100);
      await settle();
      assert.equal(publisher.send([bytes("job/2")]), 1000);
    }
    assert.equal(clock.pending, 0);
    assert.equal(network.connections, 0);
    return log;
  };
  assert.deepEqual(await run(), await run());
});
