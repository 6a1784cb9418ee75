import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import fc from "fast-check";
import { callFunction } from "../../../src/minion/functions/call.ts";
import { test } from "../../kit/test.ts";
import { until } from "../../kit/until.ts";
import { call, openContext } from "./context.ts";

const notRoot = process.geteuid?.() === 0 ? false : "needs root";

/** Words that some shell would change. */
const awkward = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "$(touch /tmp/pwned)",
    "`id`",
    "'",
    '"',
    "a\nb",
    ";id",
    "$HOME",
    "*",
    "\\",
    "-n",
    "--",
    "~",
    "|",
    "&",
    "",
  ),
).map((raw) => raw.replaceAll("\0", "").toWellFormed());

test("cmd.run answers with stdout and stderr in the order written, without the last newline", async () => {
  const outcome = await call("cmd.run", ["echo a; echo b >&2; echo c; echo"]);
  assert.deepEqual([outcome.return, outcome.retcode, outcome.success], ["a\nb\nc\n", 0, true]);
});

test("cmd.run true runs the program true (Salt makes it a boolean)", async () => {
  assert.deepEqual((await call("cmd.run", ["true"])).retcode, 0);
  assert.deepEqual((await call("cmd.run", ["false"])).retcode, 1);
});

test("cmd.run takes FOO=bar before a command as the shell does", async () => {
  assert.equal((await call("cmd.run", ["FOO=bar sh -c 'echo $FOO'"])).return, "bar");
});

test("cmd.run answers with the command's exit code", async () => {
  const outcome = await call("cmd.run", ["echo no; exit 42"]);
  assert.deepEqual([outcome.return, outcome.retcode, outcome.success], ["no", 42, false]);
});

test("cmd.run keeps output that is not UTF-8 as bytes, whole", async () => {
  const outcome = await call("cmd.run", ["printf '\\377\\n'"]);
  assert.deepEqual(outcome.return, new Uint8Array([0xff, 0x0a]));
});

test("cmd.run keeps a byte order mark and other odd text", async () => {
  assert.equal((await call("cmd.run", ["printf '\\357\\273\\277x\\r\\n'"])).return, "\uFEFFx\r");
});

test("cmd.run obeys cwd, env, clean_env, stdin, umask and shell", async () => {
  assert.equal((await call("cmd.run", ["pwd", "cwd=/usr"])).return, "/usr");
  assert.equal((await call("cmd.run", ["echo $A$B", "env=A=1", 'env={"B":2}'])).return, "12");
  assert.equal((await call("cmd.run", ["env", "clean_env=true", "env=A=1", "shell=/bin/sh"])).retcode, 0);
  assert.equal((await call("cmd.run", ["cat", "stdin=hello"])).return, "hello");
  assert.equal((await call("cmd.run", ["umask", "umask=027"])).return, "0027");
  assert.equal((await call("cmd.run", ["-c is eaten", "shell=echo"])).return, "-c -c is eaten");
});

test("cmd.run with shell=false runs a program and splits nothing", async () => {
  assert.equal((await call("cmd.run", ["pwd", "shell=false", "cwd=/usr"])).return, "/usr");
  const outcome = await call("cmd.run", ["echo hi", "shell=false"]);
  assert.deepEqual([outcome.return, outcome.retcode], ['Cannot run "echo hi": no such program', 1]);
});

test("cmd.run ends a command on timeout and keeps what it wrote", async () => {
  const outcome = await call("cmd.run", ["echo begun; sleep 300 & sleep 300", "timeout=0.5"]);
  assert.equal(outcome.return, "begun\ntimed out after 0.5 s and was killed, with its whole process group");
  assert.equal(outcome.retcode, 124);
});

test("cmd.run ends its whole process group when the job is killed", async () => {
  using context = openContext();
  const stop = new AbortController();
  const flag = join(context.temporaryDirectory, "begun");
  const request = { function: "cmd.run", arguments: [`echo so far; touch ${flag}; sleep 300`], named: {} };
  const outcome = callFunction(context.functions, request, { ...context, signal: stop.signal });
  await until("the command to begin", () => existsSync(flag));
  stop.abort();
  assert.equal((await outcome).retcode, 130);
  assert.equal((await outcome).return, "so far\nwas killed with its job, with its whole process group");
});

test("cmd.run runs as another user", { skip: notRoot }, async () => {
  assert.equal((await call("cmd.run", ["id -un", "runas=nobody"])).return, "nobody");
});

const FAILURES: { words: unknown[]; named?: Record<string, unknown>; want: string }[] = [
  { words: ["ls", "cwd=/nope"], want: 'Cannot run "/bin/sh": working directory "/nope" does not exist' },
  { words: ["ls", "runas=no-such-user"], want: 'Cannot run as "no-such-user": no such user' },
  { words: ["ls", "umask=8"], want: 'Cannot set umask "8": it is not octal, such as 077' },
  { words: ["ls", 'env={"A":[]}'], want: 'Cannot set variable "A": its value is not text' },
  { words: ["ls", 'env={"A=B":"x"}'], want: 'Cannot set variable "A=B": it is no name' },
  { words: [[]], want: "Cannot run the command: a list must hold the program and its arguments, all text" },
  { words: [["ls", 1]], want: "Cannot run the command: a list must hold the program and its arguments, all text" },
  { words: [5], want: "Cannot run the command: it is neither text nor a list of text" },
  { words: [["nope"]], want: 'Cannot run "nope": no such program' },
];
for (const { words, want } of FAILURES) {
  test(`cmd.run ${JSON.stringify(words)} fails: ${want}`, async () => {
    const outcome = await call("cmd.run", words);
    assert.deepEqual([outcome.return, outcome.retcode], [want, 1]);
  });
}

test("cmd.run_all answers with pid, retcode, stdout and stderr", async () => {
  const outcome = await call("cmd.run_all", ["echo out; echo err >&2; exit 2"]);
  const { pid, ...rest } = outcome.return as Record<string, unknown>;
  assert.ok(Number(pid) > 1);
  assert.deepEqual(rest, { retcode: 2, stdout: "out", stderr: "err" });
  assert.equal(outcome.retcode, 2);
});

test("cmd.run_stdout, cmd.run_stderr and cmd.retcode answer with their part", async () => {
  const line = "echo out; echo err >&2; exit 2";
  for (const [name, want] of [["cmd.run_stdout", "out"], ["cmd.run_stderr", "err"], ["cmd.retcode", 2]] as const) {
    const outcome = await call(name, [line]);
    assert.deepEqual([outcome.return, outcome.retcode], [want, 2]);
  }
});

test("cmd.which answers with the path of a program, or null", async () => {
  assert.match(String((await call("cmd.which", ["sh"])).return), /^\/.*\/sh$/);
  assert.deepEqual((await call("cmd.which", ["no-such-program"])).return, null);
  assert.equal((await call("cmd.which", ["/bin/sh"])).return, "/bin/sh");
});

test("T4: cmd.run of a list hands every word over untouched", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(awkward, { maxLength: 4 }), async (words) => {
      const outcome = await call("cmd.run", [["printf", "%s\\0", ...words, "end"]]);
      assert.equal(outcome.return, [...words, "end"].map((word) => `${word}\0`).join(""));
    }),
    { numRuns: 40 },
  );
});

test("T4: cmd.which takes any word as a name and runs nothing", async () => {
  await fc.assert(
    fc.asyncProperty(awkward, async (word) => {
      const outcome = await call("cmd.which", [`name=${word}`]);
      assert.ok(outcome.retcode === 0 && (outcome.return === null || existsSync(String(outcome.return))));
    }),
    { numRuns: 100 },
  );
  assert.equal(existsSync("/tmp/pwned"), false);
});

test("T4: cmd.script hands every argument over untouched", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(awkward, { maxLength: 4 }), async (words) => {
      const outcome = await call("cmd.script", ['#!/bin/sh\nprintf "%s\\0" "$@"'], {
        named: { args: [...words, "end"] },
      });
      const { stdout } = outcome.return as Record<string, unknown>;
      assert.equal(stdout, [...words, "end"].map((word) => `${word}\0`).join(""));
    }),
    { numRuns: 30 },
  );
});

test("T18: cmd.script runs from a fresh 0700 directory that is gone afterwards", async () => {
  using context = openContext();
  const source = '#!/bin/sh\nstat -c %a "$(dirname "$0")" "$0"; dirname "$0"';
  const run = () =>
    callFunction(context.functions, { function: "cmd.script", arguments: [source], named: {} }, context);
  const [first, second] = await Promise.all([run(), run()]);
  const lines = (outcome: typeof first) => String((outcome.return as Record<string, unknown>)["stdout"]).split("\n");
  assert.deepEqual(lines(first).slice(0, 2), ["700", "700"]);
  assert.ok(lines(first)[2]?.startsWith(context.temporaryDirectory));
  assert.notEqual(lines(first)[2], lines(second)[2]);
  assert.deepEqual(readdirSync(context.temporaryDirectory), []);
});

test("T18: cmd.script as another user can be read by that user and nobody else", { skip: notRoot }, async () => {
  const source = '#!/bin/sh\nid -un; stat -c "%a %U %G" "$(dirname "$0")" "$0"; echo "$0"';
  const outcome = await call("cmd.script", [source, "runas=nobody"]);
  const { stdout } = outcome.return as Record<string, unknown>;
  const [who, directory, file, path = ""] = String(stdout).split("\n");
  assert.deepEqual([who, directory, file], ["nobody", "710 root nogroup", "700 nobody nogroup"]);
  assert.equal(existsSync(path), false);
});

test("cmd.script takes a path, a shebang, a shell, arguments, and the options of a command", async () => {
  using context = openContext();
  const path = join(context.temporaryDirectory, "my script");
  writeFileSync(path, 'echo "$1-$2" in $(pwd); exit 4', { mode: 0o600 });
  const script = async (...words: string[]) => {
    const outcome = await callFunction(
      context.functions,
      { function: "cmd.script", arguments: words, named: {} },
      context,
    );
    return [(outcome.return as Record<string, unknown>)["stdout"] ?? outcome.return, outcome.retcode];
  };
  assert.deepEqual(await script(path, "a b", "c", "cwd=/usr"), ["a b-c in /usr", 4]);
  assert.deepEqual(await script("#!/bin/cat\nhello"), ["#!/bin/cat\nhello", 0]);
  assert.deepEqual(await script("one\ntwo", "shell=cat"), ["one\ntwo", 0]);
  assert.deepEqual(await script("/no/such/script"), ['Cannot run script "/no/such/script": no such file', 1]);
  assert.equal((await script("#!/bin/sh\nsleep 300", "timeout=0.2"))[1], 124);
  assert.equal(statSync(path).mode & 0o777, 0o600, "the source itself is left alone");
  rmSync(path);
  assert.deepEqual(readdirSync(context.temporaryDirectory), []);
});
