/**
 * What a new user reads at three in the morning: one line on stderr, the right exit code, no stack trace.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { brine, Fleet, freePort, TemporaryDirectory } from "../kit/brine_process.ts";
import type { Finished } from "../kit/brine_process.ts";
import { test } from "../kit/test.ts";

/** One line, on stderr only, with this exit code. */
function assertLine({ code, stdout, stderr }: Finished, wanted: number, line: RegExp): void {
  assert.equal(stdout, "");
  assert.match(stderr, /^brine: .*\n$/, `not one line: ${stderr}`);
  assert.match(stderr.slice("brine: ".length, -1), line);
  assert.doesNotMatch(stderr, /\n\s+at |Error:|\bE[A-Z]{4,}\b/);
  assert.equal(code, wanted, stderr);
}

/** Brine as somebody who is not root. */
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

test("no master: every client command says so and exits with 5", async () => {
  using directory = new TemporaryDirectory();
  const root = directory.path;
  for (const words of [["run", "*", "test.ping"], ["minions"], ["key", "list"], ["jobs", "list"], ["events"]]) {
    const ended = await brine(["--root", root, ...words]);
    assertLine(ended, 5, /^Cannot find a master: none is running under .*; start one with `brine master`$/);
  }
});

test("nobody matches: it says who is there, or whose key waits", async () => {
  await using fleet = await Fleet.start({ minions: ["web1", "web2"] });
  assertLine(
    await fleet.run("run", "db*", "test.ping"),
    2,
    /^No minion matches "db\*": there are: web\[1-2\]$/,
  );
  const waiting = fleet.startMinion("db1");
  await waiting.says(/ warning minion db1: the key [0-9a-z-]+ is pending: type `brine key accept db1` on the master\n/);
  assertLine(
    await fleet.run("run", "db*", "test.ping"),
    2,
    /^No minion matches "db\*": db1 is pending: type `brine key accept db1` on the master$/,
  );
  assertLine(
    await fleet.run("key", "accept", "db7"),
    2,
    /^Cannot accept key "db7": no minion of that name has sent one$/,
  );
});

test("a function that is unknown, called wrongly, or throws is an answer, with a suggestion", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const says = async (...words: string[]) => {
    const { stdout, stderr, code } = await fleet.run("run", "m1", ...words);
    assert.deepEqual([code, stderr], [1, ""]);
    return stdout.split("\nm1 of")[0];
  };
  assert.match(await says("tset.ping") ?? "", /\(exit 254\):.*no such function \(did you mean "test\.ping"\?\)\n/s);
  assert.match(await says("cmd.rnu", "ls") ?? "", /did you mean "cmd\.run"\?/);
  assert.match(await says("cmd.run") ?? "", /Cannot call cmd\.run: parameter "command" is missing\n/);
  assert.match(await says("cmd.run", "ls", "cdw=/") ?? "", /it has no parameter "cdw" \(did you mean "cwd"\?\)\n/);
  assert.match(await says("cmd.run", "ls", "cwd=/nowhere") ?? "", /\/nowhere/);
  assert.match(await says("cmd.run", "ls", "runas=nosuchuser") ?? "", /nosuchuser/);
  assert.match(await says("test.sleep", "soon") ?? "", /parameter "seconds"/);
  const here = await brine(["call", "tset.ping"]);
  assert.deepEqual([here.code, here.stderr], [1, ""]);
  assert.match(here.stdout, /did you mean "test\.ping"\?/);
});

test("wrong words on the command line are one line that names the help", async () => {
  await using fleet = await Fleet.start({ minions: ["m1"] });
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["rnu", "*", "test.ping"], /^unknown command "rnu" \(did you mean "run"\?\); see brine --help$/],
    [["key", "acept"], /^unknown command "acept" \(did you mean "accept"\?\); see brine key --help$/],
    [["run", "*"], /^missing required argument "function"; see brine run --help$/],
    [
      ["run", "*", "test.ping", "--jsn"],
      /^unknown option "--jsn" \(did you mean "--json"\?\).*; see brine run --help$/,
    ],
    [["run", "*", "cmd.run", "ls", "-l"], /^unknown option "-l"; .*\(cmd\.run 'ls -l'\) or after --; see brine run/],
    [["run", "*", "test.ping", "--out", "xml"], /argument "xml" is invalid: allowed choices are folded, nested, json/],
    [["run", "*", "test.ping", "-t", "soon"], /^Cannot read --timeout "soon": a duration looks like 30, 1\.5s, 5m, 1h/],
    [["run", "*", "test.ping", "-t", "-1"], /^Cannot read --timeout "-1": /],
    [["run", "*", "test.ping", "--ttl", "x"], /^Cannot read --ttl "x": /],
    [["run", "*", "test.ping", "--ttl", "0"], /^Cannot run a job with --ttl 0: no minion could start it in time$/],
    [["run", "m[1", "test.ping"], /^Cannot read target "m\[1": no closing bracket \(character 2\)$/],
    [["run", "-C", "m1 and (m2", "test.ping"], /^Cannot read target "m1 and \(m2": no closing .* \(character 8\)$/],
    [["run", "-E", "m(", "test.ping"], /^Cannot read target "m\(": .* \(character \d+\)$/],
    [["run", "-L", "-E", "m1", "test.ping"], /^Cannot read target "m1": it is of one kind only, not regex and list$/],
    [["run", "x\x1b[2J\ny", "test.ping"], /^[ -~]+$/],
    [["run", "-N", "nogroup", "test.ping"], /nogroup/],
    [["run", "-L", "@/no/such/list", "test.ping"], /^Cannot read target list \/no\/such\/list: there is no such file$/],
    [["key", "accept"], /^Cannot accept keys: name them, or say --all$/],
    [["key", "accept", "--all", "m1"], /^Cannot accept keys: name them, or say --all, not both$/],
    [["key", "token", "--ttl", "soon"], /^Cannot read --ttl "soon": /],
    [["key", "token", "--uses", "many"], /argument "many" is invalid: it takes a whole number; see brine key --help$/],
    [["jobs", "show", "latest"], /^Cannot read job id "latest": it looks like \d+-\w+$/],
    [["minions", "m1"], /^too many arguments for "minions": expected 0 arguments but got 1; see brine minions --help$/],
    [["--log-level", "loud", "minions"], /argument "loud" is invalid: allowed choices are debug, info, warning, error/],
  ];
  for (const [words, line] of cases) assertLine(await fleet.run(...words), 2, line);
});

test("a configuration that is wrong names the file, all the keys, and what was meant", async () => {
  using directory = new TemporaryDirectory();
  const root = directory.path;
  const etc = directory.make("etc/brine");
  const file = `${etc}/master`;
  const check = async (text: string) => {
    writeFileSync(file, text);
    return await brine(["--root", root, "master", "--check"]);
  };
  const all = await check("worker_thread: 0\nkeep_jobs_seconds: a day\nret_port: 70000\ntoString: 1\n");
  assertLine(
    all,
    2,
    new RegExp(`^Cannot load ${file}: line 1: worker_thread: unknown key \\(did you mean "worker_threads"\\?\\); `),
  );
  assertLine(
    all,
    2,
    /line 2: keep_jobs_seconds: "a day" is not a number of seconds; line 3: ret_port: 70000 is .*; line 4: toString: unknown key$/,
  );
  assertLine(await check("a: [1\nb: 2\n"), 2, new RegExp(`^Cannot load ${file}: .* at line 2, column 1$`));
  assertLine(await check("- a\n"), 2, new RegExp(`^Cannot load ${file}: it is no map of keys to values$`));
  const good = await check("ret_port: 4506\n");
  assert.deepEqual([good.code, good.stdout], [0, `${file}: good\n`]);
  assertLine(await brine(["--root", root, "--config", `${root}/none`, "master"]), 2, /none: there is no such file$/);
  assertLine(await brine(["--root", root, "--config", root, "minion"]), 2, /^Cannot load .*: it is a directory$/);
  for (
    const [words, line] of [
      [["--id", "bad id"], /^Cannot use these options: id: "bad id" may hold A-Z/],
      [["--master", "ws://m:1"], /^Cannot use these options: master: "ws:\/\/m:1" is neither HOST nor HOST:PORT$/],
      [["--master", "m:99999"], /^Cannot use these options: master: "m:99999" is neither HOST nor HOST:PORT$/],
      [["--token-file", `${root}/none`], /^Cannot read token file .*: there is no such file$/],
      [["--token", "a", "--token-file", "b"], /cannot be used with option/],
    ] as const
  ) assertLine(await brine(["--root", root, "minion", ...words]), 2, line);
  assertLine(
    await brine(["--root", root, "master", "--insecure-auto-accept"]),
    2,
    /^Cannot accept every key on 0\.0\.0\.0: --insecure-auto-accept is for loopback only$/,
  );
});

test("a state directory that cannot be written is named, with why", async () => {
  using directory = new TemporaryDirectory();
  const standing = directory.join("file");
  writeFileSync(standing, "");
  const half = directory.make("half/var/lib");
  writeFileSync(`${half}/brine`, "");
  const foreign = directory.make("foreign");
  chmodSync(directory.path, 0o755);
  const advice = "; start it as a user who may write there, or give --root DIR$";
  for (const role of ["master", "minion"]) {
    assertLine(
      await brine(["--root", standing, role]),
      2,
      /^Cannot load .*: a file stands where a directory should be$/,
    );
    assertLine(
      await brine(["--root", directory.join("half"), role]),
      1,
      new RegExp(
        `^Cannot start ${role}: cannot write ${half}/brine.*: a file stands where a directory should be${advice}`,
      ),
    );
    assertLine(
      await brine(["--root", foreign, role], { through: NOBODY }),
      1,
      new RegExp(`^Cannot start ${role}: cannot write ${foreign}/(etc|run): permission denied${advice}`),
    );
    assertLine(await brine(["--root", "/proc/x", role]), 1, new RegExp(`^Cannot start ${role}: cannot write /proc/x/`));
  }
  assertLine(await brine(["--root", standing, "minions"]), 5, /^Cannot find a master: .*a file stands where/);
});

test("another user's master is not mine, and without a key nobody logs in", async () => {
  await using fleet = await Fleet.start();
  chmodSync(fleet.directory.path, 0o755);
  const ended = await brine(["--root", fleet.root, "minions"], { through: NOBODY });
  assertLine(ended, 4, /^Cannot read \/.*: it belongs to another user; be that user, or give --root DIR$/);
  assert.equal((await fleet.run("jobs", "list")).stdout, "no jobs yet\n");
  rmSync(`${fleet.root}/etc/brine/pki/operator/root.key`);
  assertLine(
    await fleet.run("minions"),
    4,
    /^Cannot log in: there is no key \/.*root\.key; restart the master, which makes it again$/,
  );
});

test("a port in use, an address that is not ours, a second master on one root", async () => {
  await using fleet = await Fleet.start();
  using directory = new TemporaryDirectory();
  const start = (...words: string[]) => brine(["--root", directory.path, "--log-level", "error", "master", ...words]);
  const on = (retPort: number, publishPort: number, address = "127.0.0.1") =>
    start("--interface", address, "--ret-port", String(retPort), "--publish-port", String(publishPort));
  const inUse = (port: number) => new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: address already in use$`);
  assertLine(await on(fleet.retPort, 0), 1, inUse(fleet.retPort));
  assertLine(await on(0, fleet.publishPort), 1, inUse(fleet.publishPort));
  assertLine(await on(0, 0, "192.0.2.7"), 1, /^Cannot listen on 192\.0\.2\.7:0: no interface of this machine has that/);
  assertLine(await on(0, 0, "no.such.host"), 1, /^Cannot listen on no\.such\.host:0: it is not an address$/);
  assertLine(
    await brine(["--root", fleet.root, "master"]),
    2,
    new RegExp(`^Cannot start master: one is running here already, as process ${fleet.master.pid} \\(`),
  );
  assert.equal((await fleet.run("key", "list")).code, 0); // the first one did not notice
});

test("a minion that cannot reach its master says why, once for each state, and goes on", async () => {
  await using fleet = await Fleet.start();
  using web = await listening((socket) => {
    socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    socket.end();
  });
  using ssh = await listening((socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"));
  using rude = await listening((socket) => socket.destroy());
  const closed = `127.0.0.1:${await freePort()}`;
  mkdirSync(fleet.rootOf("quick") + "/etc/brine", { recursive: true });
  for (
    const [id, master, why] of [
      ["m1", closed, "nobody listens there"],
      ["m2", "no-such-host.invalid", "there is no host of that name"],
      ["m3", web.address, "HTTP 404 came instead of a WebSocket"],
      ["m4", ssh.address, "what answers there does not speak HTTP"],
      ["m5", rude.address, "it hung up before there was a connection"],
      ["m6", `127.0.0.1:${fleet.publishPort}`, "Cannot subscribe: refused; this is a publish port, no ret_port"],
    ] as const
  ) {
    const etc = `${fleet.rootOf(id)}/etc/brine`;
    mkdirSync(etc, { recursive: true });
    writeFileSync(`${etc}/minion`, "recon_default: 20\nrecon_max: 40\n");
    const minion = fleet.startMinion(id, ["--master", master, "--log-level", "debug"]);
    const place = master.includes(":") ? master : `${master}:4506`;
    const text = `no session with master ${place}: ${why}`.replaceAll(".", "\\.");
    await minion.says(new RegExp(` debug .*${text}`)); // it has tried again
    const lines = minion.stderr.split("\n").filter((line) => / (warning|error) /.test(line));
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0] ?? "", new RegExp(` warning minion ${id}: ${text} \\(next attempt in \\d\\.\\d s\\)$`));
  }
});

interface Listening extends Disposable {
  readonly address: string;
}

async function listening(greet: (socket: import("node:net").Socket) => void): Promise<Listening> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { address: `127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}
