/** Tests of the jobs that a minion has taken, and of the frames that it reads. @module */
import assert from "node:assert/strict";
import { newIdentity } from "../../src/crypto/identity.ts";
import { sealPublish } from "../../src/crypto/publish_seal.ts";
import { JobLedger } from "../../src/minion/job_ledger.ts";
import { PublishReader } from "../../src/minion/publish_reader.ts";
import { modeOf, readTextIfThere, writePrivateFile } from "../../src/runtime/files.ts";
import { publicKeyOf, randomBytes } from "../../src/runtime/crypto.ts";
import { encodePublished } from "../../src/wire/publish.ts";
import { test } from "../kit/test.ts";
import { jidOf, scratch } from "./kit.ts";

const DAY_MS = 86_400_000;

test("T14: JobLedger takes each job once, also after a restart and after a line was cut off", () => {
  using directory = scratch();
  const path = directory.at("jids");
  {
    using ledger = new JobLedger(path, () => 0);
    assert.deepEqual([1, 2, 1].map((n) => ledger.take(jidOf(n), 1_000)), [true, true, false]);
  }
  writePrivateFile(path, `${readTextIfThere(path)}${jidOf(3)}`); // a power failure
  using again = new JobLedger(path, () => 0);
  assert.deepEqual([1, 2, 3, 3].map((n) => again.take(jidOf(n), 1_000)), [false, false, true, false]);
  assert.equal(modeOf(path), 0o600);
});

test("JobLedger forgets a job a day after its expiry, also while it runs", () => {
  using directory = scratch();
  const path = directory.at("jids");
  let now = 0;
  using ledger = new JobLedger(path, () => now);
  for (let n = 0; n < 9_999; n++) ledger.take(jidOf(n), 1_000);
  now = DAY_MS + 1_001;
  ledger.take(jidOf(10_000), now + 1_000);
  const lines = (readTextIfThere(path) ?? "").trim().split("\n");
  assert.deepEqual(lines, [`${jidOf(10_000)} ${now + 1_000}`]);
  assert.equal(ledger.take(jidOf(10_000), now + 1_000), false);
});

function readerWorld() {
  const master = newIdentity();
  const heard: string[] = [];
  const reader = new PublishReader(publicKeyOf("ed25519", master.signing.publicKey), {
    onJob: (job) => void heard.push(job.function),
    onRefused: (reason) => void heard.push(`refused: ${reason}`),
    onGap: (missing) => void heard.push(`gap ${missing}`),
  });
  const epochOf = (number: number) => ({ number, key: randomBytes(32) });
  const frame = (epoch: ReturnType<typeof epochOf>, sequence: number, name = `f${sequence}`) =>
    sealPublish(
      { epoch: epoch.number, sequence },
      epoch.key,
      encodePublished({
        kind: "job",
        jid: jidOf(sequence),
        target: { kind: "glob", expression: "*" },
        function: name,
        arguments: [],
        named: {},
        operator: "root",
        createdAt: 0,
        expiresAt: 1,
      }),
      master.signing,
    );
  return { reader, heard, epochOf, frame };
}

test("PublishReader takes what follows, names gaps, and refuses what was seen already", () => {
  const { reader, heard, epochOf, frame } = readerWorld();
  const epoch = epochOf(5);
  reader.setEpochs([epoch]);
  for (const sequence of [3, 4, 4, 3, 7, 6]) reader.take(frame(epoch, sequence));
  assert.deepEqual(heard.map((text) => text.replace(/^refused: .* publish (\d+) .*/, "refused $1")), [
    "f3",
    "f4",
    "refused 4",
    "refused 3",
    "gap 2",
    "f7",
    "refused 6",
  ]);
});

test("PublishReader holds frames of an epoch whose key is on its way, and refuses those of one that is over", () => {
  const { reader, heard, epochOf, frame } = readerWorld();
  const [one, two, three] = [epochOf(1), epochOf(2), epochOf(3)];
  reader.setEpochs([one]);
  reader.take(frame(two, 1, "early"));
  assert.deepEqual(heard, []);
  reader.setEpochs([one, two]);
  assert.deepEqual(heard, ["early"]);
  reader.setEpochs([two, three]);
  reader.take(frame(one, 9));
  assert.match(heard[1] ?? "", /epoch 1 is over/);
});

test("PublishReader counts anew in an epoch of the same number and another key, as after two starts in one second", () => {
  const { reader, heard, epochOf, frame } = readerWorld();
  const [before, after] = [epochOf(5), epochOf(5)];
  reader.setEpochs([before]);
  const old = frame(before, 9, "old");
  reader.take(old);
  reader.setEpochs([after]);
  reader.take(frame(after, 1, "new"));
  reader.take(old);
  assert.deepEqual(heard.slice(0, 2), ["old", "new"]);
  assert.match(heard[2] ?? "", /not sealed with epoch 5/);
  reader.setEpochs([after]); // told again: nothing is forgotten
  reader.take(frame(after, 1, "replayed"));
  assert.match(heard[3] ?? "", /was seen already/);
});
