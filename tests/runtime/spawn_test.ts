/**
 * The same contract on both runtimes: what a program gets, what comes back, and that nothing of it is left behind.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import fc from "fast-check";
import { spawn, type SpawnOptions } from "../../src/runtime/spawn.ts";
import { runtimeName, test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (string: string) => new TextEncoder().encode(string);
const sh = (line: string, options: SpawnOptions = {}) => spawn(["/bin/sh", "-c", line], options);
const notRoot = process.geteuid?.() === 0 ? false : "needs root";

/** Whether a process still runs; a dead one that its parent has not collected does not. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // gone already
  }
}

test("spawn() returns exit code, stdout and stderr apart", async () => {
  const result = await sh("echo out; echo err >&2; exit 3");
  assert.equal(result.exitCode, 3);
  assert.equal(result.signal, undefined);
  assert.equal(text(result.stdout), "out\n");
  assert.equal(text(result.stderr), "err\n");
  assert.equal(result.timedOut, false);
  assert.equal(result.aborted, false);
  assert.equal(result.outputLeftOpen, false);
  assert.ok(result.pid > 1 && result.durationMs >= 0);
});

test("spawn() says 128 + n and the name when a signal ended the program", async () => {
  const result = await sh("kill -USR1 $$");
  assert.equal(result.exitCode, 128 + 10);
  assert.equal(result.signal, "SIGUSR1");
});

test("spawn() lets the program open /dev/stdin, /dev/stdout and /dev/stderr by name", async () => {
  const result = await sh("cat /dev/stdin >/dev/stdout; echo err >/dev/stderr", { stdin: bytes("in") });
  assert.deepEqual([text(result.stdout), text(result.stderr), result.exitCode], ["in", "err\n", 0]);
});

test("spawn() keeps the order of stdout and stderr when they are merged", async () => {
  const result = await sh("for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done", { mergeStderr: true });
  assert.equal(text(result.stdout), "o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\n");
  assert.equal(result.stderr.length, 0);
});

test("spawn() gives the program nothing to read unless told", async () => {
  assert.equal(text((await spawn(["cat"])).stdout), "");
});

test("spawn() ignores that a program does not read its input", async () => {
  assert.equal((await spawn(["true"], { stdin: new Uint8Array(8 * 2 ** 20) })).exitCode, 0);
});

test("spawn() carries 64 MiB of binary in and out whole", async () => {
  const sent = new Uint8Array(64 * 2 ** 20);
  for (let i = 0; i < sent.length; i++) sent[i] = (i * 2654435761) >>> 13;
  const { stdout } = await spawn(["cat"], { stdin: sent });
  assert.equal(stdout.length, sent.length);
  const hash = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
  assert.equal(hash(stdout), hash(sent));
});

test("T4: spawn() hands arguments over untouched, also where a umask and a merge need the prelude", async () => {
  const word = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("$(id)", "`id`", "'", '"', "a\nb", "; rm -rf /", "$HOME", "*", "\\", "-n", "--", "~", "&& x", ""),
  ).map((raw) => raw.replaceAll("\0", "").toWellFormed());
  const options = fc.constantFrom<SpawnOptions>({}, { umask: 0o22 }, { mergeStderr: true }, {
    umask: 0o77,
    mergeStderr: true,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 5 }), options, async (words, how) => {
      const { stdout } = await spawn(["printf", "%s\\0", "first", ...words], how);
      assert.equal(text(stdout), ["first", ...words].map((each) => `${each}\0`).join(""));
    }),
    { numRuns: 60 },
  );
});

test("spawn() ends a whole process group on timeout", async () => {
  const folder = mkdtempSync(join(tmpdir(), "brine-test-"));
  try {
    const result = await sh(`sh -c 'echo $$ > ${folder}/grandchild; sleep 300' & echo $$; wait`, { timeoutMs: 1_000 });
    const grandchild = Number(readFileSync(join(folder, "grandchild"), "utf8"));
    assert.equal(result.timedOut, true);
    assert.equal(result.exitCode, 128 + 15);
    assert.equal(text(result.stdout), `${result.pid}\n`, "what it wrote so far is kept");
    assert.ok(grandchild > 1);
    await until("the group to be gone", () => !isRunning(result.pid) && !isRunning(grandchild), 2_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("spawn() kills what ignores SIGTERM after the grace, grandchildren too", async () => {
  const result = await sh("trap '' TERM; sh -c 'echo $$; while :; do sleep 1; done' & while :; do sleep 1; done", {
    timeoutMs: 1_000,
    graceMs: 100,
  });
  const grandchild = Number(text(result.stdout));
  assert.equal(result.exitCode, 128 + 9);
  assert.ok(grandchild > 1);
  await until("the group to be gone", () => !isRunning(result.pid) && !isRunning(grandchild), 2_000);
});

test("spawn() kills a grandchild that ignores SIGTERM although the main process obeyed", async () => {
  const line = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & exec sleep 300";
  const result = await sh(line, { timeoutMs: 1_000, graceMs: 200 });
  const grandchild = Number(text(result.stdout));
  assert.equal(result.exitCode, 128 + 15);
  await until("the grandchild to be gone", () => grandchild > 1 && !isRunning(grandchild), 2_000);
});

test("spawn() ends the group when its signal aborts", async () => {
  const stop = new AbortController();
  const result = await sh("echo ready; sleep 300", { signal: stop.signal, onOutput: () => stop.abort() });
  assert.equal(result.aborted, true);
  assert.equal(result.timedOut, false);
  assert.equal(result.exitCode, 128 + 15);
  assert.equal(text(result.stdout), "ready\n");
});

test("spawn() starts nothing when its signal has aborted already", async () => {
  await assert.rejects(spawn(["true"], { signal: AbortSignal.abort() }), {
    message: 'Cannot run "true": the job was killed before it began',
  });
});

test("spawn() returns when the program leaves a daemon that holds stdout", async () => {
  const result = await sh("sleep 300 & echo $!");
  const daemon = Number(text(result.stdout));
  try {
    assert.equal(result.exitCode, 0);
    assert.equal(result.outputLeftOpen, true);
    assert.ok(isRunning(daemon), "the daemon lives on");
    assert.ok(result.durationMs < 2_000);
  } finally {
    kill(daemon);
  }
});

test("spawn() returns when what was left behind never stops writing", async () => {
  const result = await sh("(while :; do echo again; sleep 0.02; done) & echo $!");
  const daemon = Number(text(result.stdout).match(/^\d+$/m)?.[0]);
  try {
    assert.equal(result.outputLeftOpen, true);
    assert.ok(result.durationMs < 5_000);
  } finally {
    kill(daemon);
  }
});

test("spawn() returns on timeout although a daemon in a session of its own holds stdout", async () => {
  const result = await sh("setsid sh -c 'echo $$; exec sleep 300' & sleep 300", { timeoutMs: 1_000 });
  const daemon = Number(text(result.stdout));
  try {
    assert.equal(result.timedOut, true);
    assert.equal(result.outputLeftOpen, true);
  } finally {
    kill(daemon);
  }
});

test("spawn() waits for output that comes after the main process has exited", async () => {
  const result = await sh("(while kill -0 $$ 2>/dev/null; do :; done; echo late) & echo early");
  assert.equal(text(result.stdout), "early\nlate\n");
  assert.equal(result.outputLeftOpen, false);
});

test("spawn() refuses more output than allowed", async () => {
  await assert.rejects(spawn(["yes"], { maxOutputBytes: 100_000, graceMs: 100 }), {
    message: 'Cannot run "yes": it wrote more than the 100000 bytes allowed, and was killed',
  });
});

test("spawn() shows every chunk as it arrives, and fails cleanly when it cannot be handed on", async () => {
  const seen: string[] = [];
  await sh("echo a; echo b >&2", { onOutput: (name, chunk) => void seen.push(`${name} ${text(chunk)}`) });
  assert.deepEqual(seen.sort(), ["stderr b\n", "stdout a\n"]);
  const onOutput = () => {
    throw new Error("nobody listens");
  };
  await assert.rejects(sh("echo a; sleep 300", { onOutput }), /its output could not be handed on: nobody listens/);
});

test("spawn() adds to the environment or replaces it", async () => {
  const added = text((await spawn(["env"], { env: { BRINE_TEST: "a b" } })).stdout).split("\n");
  assert.ok(added.includes("BRINE_TEST=a b") && added.length > 3);
  const clean = text((await spawn(["env"], { env: { BRINE_TEST: "1" }, clearEnv: true })).stdout);
  assert.deepEqual(clean.trim().split("\n").map((line) => line.split("=", 1)[0]).sort(), ["BRINE_TEST", "PATH"]);
});

test("spawn() sets working directory and umask", async () => {
  assert.equal(text((await sh("pwd; umask", { cwd: "/usr", umask: 0o27 })).stdout), "/usr\n0027\n");
});

const REFUSALS: { name: string; argv: string[]; options?: SpawnOptions; want: string | RegExp }[] = [
  { name: "no words", argv: [], want: "Cannot run a program: the argument vector is empty" },
  { name: "a program that is not there", argv: ["nope"], want: 'Cannot run "nope": no such program' },
  { name: "a path that is not there", argv: ["/no/pe"], want: 'Cannot run "/no/pe": no such program' },
  { name: "a plain file", argv: ["/etc/passwd"], want: 'Cannot run "/etc/passwd": it is not executable' },
  { name: "a directory", argv: ["/usr"], want: 'Cannot run "/usr": no such program' },
  { name: "a NUL byte", argv: ["echo", "a\0b"], want: 'Cannot run "echo": an argument contains a NUL byte' },
  {
    name: "a working directory that is not there",
    argv: ["ls"],
    options: { cwd: "/nope" },
    want: 'Cannot run "ls": working directory "/nope" does not exist',
  },
  {
    name: "a user that is not there",
    argv: ["ls"],
    options: { runas: "no-such-user" },
    want: 'Cannot run as "no-such-user": no such user',
  },
  {
    name: "a user name that is an option",
    argv: ["ls"],
    options: { runas: "--help" },
    want: 'Cannot run as "--help": no such user',
  },
  { name: "an argument too long", argv: ["echo", "x".repeat(2 ** 18)], want: /longer than the system allows$/ },
];
for (const { name, argv, options, want } of REFUSALS) {
  test(`spawn() refuses ${name}`, async () => {
    await assert.rejects(spawn(argv, options), typeof want === "string" ? { message: want } : want);
  });
}

test("spawn() runs as another user with that user's groups and home", { skip: notRoot }, async () => {
  const result = await sh("id -u; id -g; id -G; echo $USER $LOGNAME; pwd", { runas: "nobody" });
  const [uid, gid, groups, names] = text(result.stdout).split("\n");
  const expected = await sh("id -u nobody; id -g nobody; id -G nobody");
  assert.deepEqual([uid, gid, groups], text(expected.stdout).trim().split("\n"));
  assert.equal(names, "nobody nobody");
  assert.equal(result.exitCode, 0);
});

const denoPipes = runtimeName === "deno" ? "Deno's pipes belong to us, and their descriptors cannot be had" : notRoot;
test("spawn() lets another user open /dev/stderr by name", { skip: denoPipes }, async () => {
  const result = await sh("cat /dev/stdin >/dev/stderr", { runas: "nobody", stdin: bytes("x") });
  assert.equal(text(result.stderr), "x");
});

test("spawn() leaks no file descriptor, and 40 at once do not mix", async () => {
  const openFiles = () => readdirSync("/proc/self/fd").length;
  await sh("true", { stdin: bytes("x") });
  const before = openFiles();
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, i) => sh(`cat; echo ${i}`, { stdin: bytes(`in ${i} `) })),
  );
  results.forEach(({ stdout }, i) => assert.equal(text(stdout), `in ${i} ${i}\n`));
  await Promise.allSettled([spawn(["/etc/passwd"]), spawn(["echo", "x".repeat(2 ** 18)]), sh("sleep 1 &")]);
  await until("all descriptors to be closed", () => openFiles() <= before, 2_000);
});

test("spawn() says what is wrong when the interpreter of a script is missing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "brine-test-"));
  try {
    writeFileSync(join(folder, "script"), "#!/no/such/interpreter\n", { mode: 0o700 });
    await assert.rejects(spawn([join(folder, "script")]), /no such program \(or the interpreter/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
