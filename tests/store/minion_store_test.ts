import assert from "node:assert/strict";
import { test } from "../kit/test.ts";
import { Bench, NOW } from "./kit.ts";

test("MinionStore keeps the last that each minion said, also when the store is opened again", () => {
  using bench = new Bench();
  const { minions } = bench.open();
  minions.put("web01", "0.1.0", { os: "Debian", ipv4: ["10.0.0.1"], nested: { a: 1 } }, NOW);
  minions.put("web02", "0.1.0", {}, NOW);
  minions.put("web01", "0.2.0", { os: "Arch" }, NOW + 1);
  for (const store of [minions, bench.open().minions]) {
    assert.deepEqual(store.all().get("web01"), { version: "0.2.0", grains: { os: "Arch" }, grainsAt: NOW + 1 });
    assert.deepEqual([...store.versions()].sort(), [["web01", "0.2.0"], ["web02", "0.1.0"]]);
  }
});

test("MinionStore keeps when and from where a minion was seen last", () => {
  using bench = new Bench();
  const { minions } = bench.open();
  minions.putSeen("web01", { isUp: true, address: "10.0.0.1", at: NOW });
  minions.putSeen("web01", { isUp: false, address: "10.0.0.9", at: NOW + 1 });
  assert.deepEqual([...minions.seen()], [["web01", { at: NOW + 1, address: "10.0.0.9" }]]);
  assert.deepEqual([...minions.all()], [], "to be seen is not to have said anything");
});

test("MinionStore keeps grains with keys and values that trip others over", () => {
  using bench = new Bench();
  const { minions } = bench.open();
  const grains = {
    constructor: 1,
    prototype: 2,
    toString: null,
    "": "",
    "ключ": "значение",
    ["k".repeat(300)]: [true],
  };
  minions.put("web01", "0.1.0", grains as Record<string, unknown>, NOW);
  assert.deepEqual(minions.all().get("web01")?.grains, grains);
});
