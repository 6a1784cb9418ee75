/** Tests of what takes effect when the configuration is read again. @module */
import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";
import { MASTER_KEYS, type MasterConfig, resolveMasterConfig } from "../../src/config/master_config.ts";
import { directoriesOf, pathsOf } from "../../src/config/paths.ts";
import { mergeReload } from "../../src/config/reload.ts";
import { test } from "../kit/test.ts";

const paths = pathsOf(directoriesOf({ root: "/r", isRoot: false, home: "/", environment: {} }));

async function configOf(flags: Readonly<Record<string, unknown>> = {}): Promise<MasterConfig> {
  return resolveMasterConfig(await loadConfig(MASTER_KEYS, { path: "/no/such/file", isRequired: false, flags }), paths);
}

test("mergeReload() takes what can change, keeps what cannot, and names both", async () => {
  const current = await configOf({ ret_port: 1, log_level: "info" });
  const next = await configOf({
    ret_port: 2,
    worker_threads: 0,
    log_level: "debug",
    nodegroups: { web: "web*" },
    schedule: { a: { run: "test.ping", target: "*", every: "5m" } },
  });
  const { config, changed, fixed } = mergeReload(current, next);
  assert.deepEqual(changed.toSorted(), ["log_level", "nodegroups", "schedule"]);
  assert.deepEqual(fixed.toSorted(), ["ret_port", "worker_threads"]);
  assert.deepEqual([config.retPort, config.workerThreads], [1, current.workerThreads]);
  assert.deepEqual([config.logLevel, config.nodegroups], ["debug", { web: "web*" }]);
  assert.deepEqual(mergeReload(current, await configOf({ ret_port: 1, log_level: "info" })), {
    config: current,
    changed: [],
    fixed: [],
  });
});

/** For each key, a value that is not its default. */
const OTHER: { readonly [K in keyof typeof MASTER_KEYS]: unknown } = {
  interface: "127.0.0.1",
  publish_port: 1,
  ret_port: 2,
  worker_threads: 3,
  keep_jobs_seconds: 4,
  job_store_max_bytes: 5_000_000_000,
  publish_session: 6,
  loop_interval: 7,
  nodegroups: { web: "web*" },
  reactor: [{ tag: "x", actions: [{ emit: "y" }] }],
  schedule: { a: { run: "test.ping", target: "*", every: "5m" } },
  log_level: "debug",
  log_file: "/x",
  log_format: "json",
  log_max_bytes: 1_048_576,
};

test("mergeReload() notices a change of any key there is", async () => {
  const current = await configOf();
  for (const [key, value] of Object.entries(OTHER)) {
    const { changed, fixed, config } = mergeReload(current, await configOf({ [key]: value }));
    assert.deepEqual([...changed, ...fixed], [key]);
    if (fixed.length > 0) assert.deepEqual(config, current, key);
    else assert.notDeepEqual(config, current, key);
  }
});
