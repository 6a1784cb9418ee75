import assert from "node:assert/strict";
import * as v from "valibot";
import type { ConfigTable } from "../../src/config/key.ts";
import { MINION_KEYS, resolveMinionConfig } from "../../src/config/minion_config.ts";
import { pathsOf } from "../../src/config/paths.ts";
import { test } from "../kit/test.ts";

const PATHS = pathsOf({ etc: "/etc/brine", lib: "/var/lib/brine", run: "/run/brine" });

function defaults() {
  const table: ConfigTable = MINION_KEYS;
  const entries = Object.entries(table).map(([name, { defaultValue }]) => [name, defaultValue]);
  return Object.fromEntries(entries) as Parameters<typeof resolveMinionConfig>[0];
}

function resolve(values: Record<string, unknown>) {
  return resolveMinionConfig({ ...defaults(), ...values }, PATHS, { hostId: "host", token: undefined });
}

test("resolveMinionConfig() reads every form of a master's address", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["salt", "salt", 4506],
    ["salt.example.com:14506", "salt.example.com", 14506],
    ["10.0.0.1", "10.0.0.1", 4506],
    ["10.0.0.1:1", "10.0.0.1", 1],
    ["[2001:db8::1]", "[2001:db8::1]", 4506],
    ["[2001:db8::1]:65535", "[2001:db8::1]", 65535],
    ["2001:db8::1", "[2001:db8::1]", 4506],
    ["::1", "[::1]", 4506],
    ["::ffff:192.0.2.1", "[::ffff:192.0.2.1]", 4506],
  ];
  for (const [master, host, port] of cases) {
    assert.ok(v.is(MINION_KEYS.master.schema, master), master);
    const config = resolve({ master });
    assert.deepEqual([config.masterHost, config.masterPort], [host, port]);
  }
  assert.equal(resolve({ master: "salt", master_port: 5 }).masterPort, 5);
  assert.equal(resolve({ master: "salt:6", master_port: 5 }).masterPort, 6);
});

test("MINION_KEYS refuses what is no master's address, and what is no id", () => {
  for (
    const master of ["", "ws://salt", "salt:", "salt:0", "salt:65536", "salt:x", "a b", "salt:1:2x", "[::1", "a/b"]
  ) {
    assert.ok(!v.is(MINION_KEYS.master.schema, master), master);
  }
  for (const id of ["", "a b", "../x", "-x", "a/b", "x".repeat(129), 7]) assert.ok(!v.is(MINION_KEYS.id.schema, id));
  assert.ok(v.is(MINION_KEYS.id.schema, "web01.example.com"));
});

test("resolveMinionConfig() takes the host's name where no id is given, and nothing for an empty finger", () => {
  const { id, masterFinger, logFile, token } = resolve({});
  assert.deepEqual([id, masterFinger, logFile, token], ["host", undefined, undefined, undefined]);
  assert.equal(resolve({ id: "web01" }).id, "web01");
});
