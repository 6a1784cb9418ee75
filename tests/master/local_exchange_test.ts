/** Tests of links inside one process. @module */
import assert from "node:assert/strict";
import { localExchange } from "../../src/master/local_exchange.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

test("localExchange() keeps the order, holds what comes before the hub, and drops what comes after it", async () => {
  const exchange = localExchange();
  const seen: string[] = [];
  const early = exchange.connect("ZeroMQPubServerChannel", () => {});
  early.send({ kind: "rotate" });
  const hub = exchange.serve("ZeroMQPubServerChannel", () => ({
    receive: ({ kind }) => void seen.push(kind),
    closed: () => void seen.push("closed"),
  }));
  early.send({ kind: "publish", plain: new Uint8Array(0) });
  assert.deepEqual(seen, [], "never from inside a send");
  await until("both", () => seen.length === 2);
  early.send({ kind: "rotate" });
  early[Symbol.dispose](); // what was sent before still arrives
  assert.deepEqual(seen, ["rotate", "publish", "rotate", "closed"]);
  const late = exchange.connect("ZeroMQPubServerChannel", () => {});
  await (await hub)[Symbol.asyncDispose]();
  late.send({ kind: "rotate" });
  await Promise.resolve();
  assert.equal(seen.length, 4);
  await exchange.serve("EventPublisher", () => ({ receive: () => {}, closed: () => {} }));
  await assert.rejects(
    exchange.serve("EventPublisher", () => ({ receive: () => {}, closed: () => {} })),
    /it is open already/,
  );
});
