/**
 * The scenario of issue 2, word for word: one executable, three roles, explicit ports.
 *
 * @module
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { brine, BrineProcess, freePort, TemporaryDirectory } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

test("a command runs on three accepted minions, and the pending fourth hears nothing of it", async () => {
  using directory = new TemporaryDirectory();
  const a = directory.join("A");
  const [publishPort, retPort] = [await freePort(), await freePort()];
  const ports = ["--publish-port", String(publishPort), "--ret-port", String(retPort), "--worker-threads", "0"];
  await using master = new BrineProcess(["--root", a, "master", "--interface", "127.0.0.1", ...ports]);
  await master.says(/brine master is ready/);
  const minion = (id: string) =>
    new BrineProcess(["--root", directory.join(id), "minion", "--master", `127.0.0.1:${retPort}`, "--id", id]);
  await using _m1 = minion("m1");
  await using _m2 = minion("m2");
  await using _m3 = minion("m3");
  const keys = async () => JSON.parse((await brine(["--root", a, "key", "list", "--json"])).stdout);
  await until("three pending keys", async () => (await keys()).minions.pending.length === 3);

  assert.equal((await brine(["--root", a, "key", "accept", "--all"])).code, 0);
  // At once: nobody waits for the minions to have settled in.
  const { stdout, stderr, code } = await brine(["--root", a, "run", "*", "cmd.run", "echo hi", "--json"]);
  const document = JSON.parse(stdout);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(Object.keys(document), [
    "jid",
    "target",
    "function",
    "arguments",
    "expected",
    "returns",
    "missing",
    "ledger",
  ]);
  assert.deepEqual(
    [document.target, document.function, document.arguments, document.expected, document.missing],
    ["*", "cmd.run", ["echo hi"], ["m1", "m2", "m3"], []],
  );
  for (const id of document.expected) {
    const { startedAt, durationMs, ...rest } = document.returns[id];
    assert.deepEqual(rest, { return: "hi", retcode: 0, success: true });
    assert.ok(Math.abs(Date.now() - startedAt) < 60_000 && durationMs >= 0);
  }
  const { returned, ...others } = document.ledger;
  assert.deepEqual([returned, ...Object.values(others)], [3, 0, 0, 0, 0, 0, 0]);

  await using m4 = minion("m4");
  await m4.says(/pending: type `brine key accept m4` on the master/);
  const second = await brine(["--root", a, "run", "*", "cmd.run", "echo hi", "--json"]);
  const { jid, expected, returns } = JSON.parse(second.stdout);
  assert.deepEqual([second.code, expected, Object.keys(returns)], [0, ["m1", "m2", "m3"], ["m1", "m2", "m3"]]);
  assert.doesNotMatch(m4.stderr, new RegExp(`${jid}|cmd\\.run`));
  assert.deepEqual(await keys(), {
    minions: { accepted: ["m1", "m2", "m3"], pending: ["m4"], rejected: [] },
    operators: { accepted: ["root"], pending: [], rejected: [] },
  });
  for (const port of [publishPort, retPort]) {
    assert.equal(await answers("127.0.0.1", port), true);
    assert.equal(await answers("127.0.0.2", port), false, `port ${port} listens on more than 127.0.0.1`);
  }
});

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
