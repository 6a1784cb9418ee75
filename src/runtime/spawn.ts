/**
 * Runs a program and waits for it: an argument vector in, exit code and bytes out; never a shell.
 *
 * The program gets a process group of its own, and a timeout or an abort ends the whole group: SIGTERM, `graceMs`,
 * SIGKILL. Only a daemon that leaves the group on purpose (`setsid`) survives that.
 *
 * What a program leaves in the background does not hold the call up: it returns when the program has exited and its
 * outputs have ended, or were quiet for 100 ms, or 1 s later at the latest. Our ends of the pipes are closed then
 * ({@link SpawnResult.outputLeftOpen} is true), so a daemon that goes on writing to them gets SIGPIPE, as after ssh:
 * give it `>/dev/null 2>&1`.
 *
 * @module
 */
import { type ChildProcess, spawn as spawnChild } from "node:child_process";
import { constants } from "node:os";
import { stat } from "node:fs/promises";
import process from "node:process";
import { reasonOf } from "../core/errors.ts";
import { type ChildStdio, openStdio, type OutputListener, type OutputReader } from "./child_stdio.ts";
import { DEFAULT_PATH, searchProgram } from "./program.ts";
import { endGroup } from "./process_group.ts";
import { findUser, isOurselves, isRoot, type User } from "./users.ts";

/** How to run a program. Everything has a default. */
export interface SpawnOptions {
  /** Working directory. Default: ours; with `runas`, that user's home. */
  readonly cwd?: string | undefined;
  /** Variables to add to the environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Start from an empty environment (and the standard PATH) instead of ours. */
  readonly clearEnv?: boolean | undefined;
  /** What the program reads; `/dev/null` if absent. */
  readonly stdin?: Uint8Array | undefined;
  /** The group is ended after this long. */
  readonly timeoutMs?: number | undefined;
  /** The group is ended when this aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Between SIGTERM and SIGKILL. Default 2 s. */
  readonly graceMs?: number | undefined;
  /** The user to run as, with all of that user's groups. Only root may name another user. */
  readonly runas?: string | undefined;
  /** The file mode creation mask, such as `0o077`. */
  readonly umask?: number | undefined;
  /** stderr goes into stdout, in the order written. */
  readonly mergeStderr?: boolean | undefined;
  /** More than this, both outputs together, ends the group and is an error. Default 1 GiB. */
  readonly maxOutputBytes?: number | undefined;
  /** Sees every chunk as it arrives. */
  readonly onOutput?: OutputListener | undefined;
}

/** What became of the program. */
export interface SpawnResult {
  /** The program's own, or 128 + n when signal n ended it. */
  readonly exitCode: number;
  /** Name of the signal that ended it. */
  readonly signal?: string;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** Ended because of `timeoutMs`. */
  readonly timedOut: boolean;
  /** Ended because of `signal`. */
  readonly aborted: boolean;
  /** Something in the background still held stdout or stderr. */
  readonly outputLeftOpen: boolean;
  readonly pid: number;
  readonly durationMs: number;
}

const DEFAULT_GRACE_MS = 2_000;
const DEFAULT_MAX_OUTPUT_BYTES = 2 ** 30;
const QUIET_TICK_MS = 25;
const QUIET_TICKS = 4; // four quiet ticks of the loop, not one timer: a stalled event loop is not silence
const MAX_LINGER_TICKS = 40;
const STUCK_AFTER_KILL_MS = 5_000; // a process in uninterruptible sleep (dead NFS) does not even die of SIGKILL

/** Runs `argv[0]` with the rest as its arguments. A program that fails is a result; one that cannot start, an error. */
export async function spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<SpawnResult> {
  const launch = await prepare(argv, options);
  const stdio = await openStdio({
    stdin: options.stdin,
    merge: options.mergeStderr ?? false,
    owner: launch.user && { uid: launch.user.uid, gid: launch.user.gid },
  });
  const startedAtMs = performance.now();
  const { child, exited } = await start(launch, stdio, options).catch((cause) => {
    stdio.discard();
    throw cause;
  });
  const collected = new Output(options);
  const stop = new AbortController();
  const readers = stdio.attach(child, (name, bytes) => {
    const trouble = collected.add(name, bytes);
    if (trouble) stop.abort();
  });
  const pid = child.pid ?? 0;
  const end = await watch({ pid, exited, stop, options });
  const outputLeftOpen = await drain(readers, collected);
  if (collected.trouble) throw new Error(`Cannot run "${argv[0]}": ${collected.trouble}`);
  return {
    ...end,
    stdout: collected.bytes("stdout"),
    stderr: collected.bytes("stderr"),
    outputLeftOpen,
    pid,
    durationMs: performance.now() - startedAtMs,
  };
}

interface Launch {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Record<string, string>;
  /** Set when the program runs as somebody else. */
  readonly user: User | undefined;
}

/** Everything that can be found wrong before a process exists. */
async function prepare(argv: readonly string[], options: SpawnOptions): Promise<Launch> {
  const [name, ...args] = argv;
  if (name === undefined) throw new Error("Cannot run a program: the argument vector is empty");
  if (argv.some((word) => word.includes("\0"))) {
    throw new Error(`Cannot run ${JSON.stringify(name)}: an argument contains a NUL byte`);
  }
  const user = await userFor(options.runas);
  const env = environmentFor(user, options);
  const cwd = options.cwd ?? (user ? await homeOf(user) : undefined);
  if (cwd !== undefined && !(await isDirectory(cwd))) {
    throw new Error(`Cannot run "${name}": working directory "${cwd}" does not exist`);
  }
  const search = { path: env["PATH"] ?? DEFAULT_PATH, cwd: cwd ?? process.cwd() };
  const program = await searchProgram(name, search);
  if (!program.found) {
    throw new Error(`Cannot run "${name}": ${program.why === "missing" ? "no such program" : "it is not executable"}`);
  }
  if (!user) return { name, program: program.path, args, cwd, env, user };
  // node's uid and gid options drop the supplementary groups on both runtimes; setpriv sets those of the user.
  const setpriv = await searchProgram("setpriv", { path: DEFAULT_PATH, cwd: "/" });
  if (!setpriv.found) throw new Error(`Cannot run as "${user.name}": setpriv (package util-linux) is not installed`);
  const become = [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--init-groups", "--", program.path];
  return { name, program: setpriv.path, args: [...become, ...args], cwd, env, user };
}

/** The other user to become; undefined when there is none or we are that user already. */
async function userFor(runas: string | undefined): Promise<User | undefined> {
  if (runas === undefined) return undefined;
  const user = await findUser(runas);
  if (!user) throw new Error(`Cannot run as "${runas}": no such user`);
  if (isOurselves(user)) return undefined;
  if (!isRoot()) throw new Error(`Cannot run as "${runas}": only root may run as another user`);
  return user;
}

function environmentFor(user: User | undefined, { clearEnv, env }: SpawnOptions): Record<string, string> {
  const result: Record<string, string> = {};
  if (clearEnv) result["PATH"] = DEFAULT_PATH;
  else for (const [key, value] of Object.entries(process.env)) if (value !== undefined) result[key] = value;
  if (user) Object.assign(result, { HOME: user.home, USER: user.name, LOGNAME: user.name, SHELL: user.shell });
  return Object.assign(result, env);
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then((found) => found.isDirectory(), () => false);
}

async function homeOf(user: User): Promise<string> {
  return await isDirectory(user.home) ? user.home : "/";
}

interface Exit {
  readonly exitCode: number;
  readonly signal?: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
}

/** Starts the program; rejects when it cannot be started. */
async function start(launch: Launch, stdio: ChildStdio, options: SpawnOptions): Promise<Started> {
  if (options.signal?.aborted) throw new Error(`Cannot run "${launch.name}": the job was killed before it began`);
  const prelude = preludeFor({ umask: options.umask, merge: Boolean(options.mergeStderr) && !stdio.isMerged });
  const [file, ...args] = [...prelude, launch.program, ...launch.args];
  try {
    const child = spawnChild(file ?? launch.program, args, {
      ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
      env: launch.env,
      stdio: stdio.slots,
      detached: true, // setsid: the child leads a session and a group of its own
    });
    const exited = new Promise<Exit>((resolve) => child.once("exit", (code, signal) => resolve(exitOf(code, signal))));
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      if (child.pid !== undefined) resolve(); // else "error" follows
    });
    return { child, exited };
  } catch (cause) {
    throw new Error(`Cannot run "${launch.name}": ${stateOf(cause)}`, { cause });
  }
}

/**
 * A fixed line for /bin/sh that does what the runtimes cannot, and then becomes the program. The program's words are
 * its positional parameters, never part of the line, so nothing in them is ever interpreted.
 */
function preludeFor({ umask, merge }: { readonly umask: number | undefined; readonly merge: boolean }): string[] {
  const redirection = merge ? " 2>&1" : "";
  if (umask !== undefined) {
    return ["/bin/sh", "-c", `umask "$1"; shift; exec "$@"${redirection}`, "brine", umask.toString(8).padStart(4, "0")];
  }
  return merge ? ["/bin/sh", "-c", `exec "$@"${redirection}`, "brine"] : [];
}

function exitOf(code: number | null, signal: string | null): Exit {
  if (signal === null) return { exitCode: code ?? 128 };
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return { exitCode: 128 + (numbers[signal] ?? 0), signal };
}

function stateOf(cause: unknown): string {
  const { code, message } = cause as { code?: string; message?: string };
  switch (code) {
    case "ENOENT":
      return "no such program (or the interpreter that its first line names is missing)";
    case "EACCES":
      return "permission denied";
    case "E2BIG":
      return "the arguments and the environment are longer than the system allows";
    case "ENOEXEC":
      return "it is not a program of this machine";
    case "EAGAIN":
    case "EMFILE":
      return "the system allows no more processes or files at the moment";
    default:
      return message ?? String(cause);
  }
}

interface Watched {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Aborted when the output is too much. */
  readonly stop: AbortController;
  readonly options: SpawnOptions;
}

/** Waits for the exit, and ends the group when time is up, the job is killed or the output is too much. */
async function watch(
  { pid, exited, stop, options }: Watched,
): Promise<Exit & { readonly timedOut: boolean; readonly aborted: boolean }> {
  const { timeoutMs, signal, graceMs = DEFAULT_GRACE_MS } = options;
  let timedOut = false;
  let aborted = false;
  const onAbort = () => {
    aborted = true;
    stop.abort();
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    stop.abort();
  }, timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const stopped = new Promise<void>((resolve) => {
    if (stop.signal.aborted) resolve();
    else stop.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    const exit = await Promise.race([exited, stopped]);
    if (exit) return { ...exit, timedOut, aborted };
    await endGroup(pid, graceMs);
    return { ...await exitWithin(exited, STUCK_AFTER_KILL_MS), timedOut, aborted };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

async function exitWithin(exited: Promise<Exit>, limitMs: number): Promise<Exit> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stuck = new Promise<Exit>((resolve) => {
    timer = setTimeout(() => resolve(exitOf(null, "SIGKILL")), limitMs);
  });
  const exit = await Promise.race([exited, stuck]);
  clearTimeout(timer);
  return exit;
}

/** Reads on after the exit until all has ended, or until what is left in the background is quiet. */
async function drain(readers: readonly OutputReader[], collected: Output): Promise<boolean> {
  const ended = Promise.all(readers.map((reader) => reader.ended)).then((): true => true);
  let seenBytes = collected.sizeBytes;
  let quietTicks = 0;
  for (let tick = 0; tick < MAX_LINGER_TICKS && quietTicks < QUIET_TICKS; tick++) {
    if (await within(ended, QUIET_TICK_MS)) return false;
    quietTicks = collected.sizeBytes === seenBytes ? quietTicks + 1 : 0;
    seenBytes = collected.sizeBytes;
  }
  await Promise.all(readers.map((reader) => reader.close()));
  await ended;
  return true;
}

async function within(promise: Promise<true>, limitMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const result = await Promise.race([promise, late]);
  clearTimeout(timer);
  return result;
}

/** What the program has written so far. */
class Output {
  /** Why no more is taken. */
  trouble: string | undefined;
  sizeBytes = 0;
  readonly #chunks: Record<"stdout" | "stderr", Uint8Array[]> = { stdout: [], stderr: [] };
  readonly #options: SpawnOptions;

  constructor(options: SpawnOptions) {
    this.#options = options;
  }

  /** Takes a chunk; returns what is wrong, if anything is. */
  add(name: "stdout" | "stderr", bytes: Uint8Array): string | undefined {
    this.sizeBytes += bytes.length;
    if (this.trouble) return this.trouble;
    const limitBytes = this.#options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
    if (this.sizeBytes > limitBytes) {
      for (const chunks of Object.values(this.#chunks)) chunks.length = 0;
      return this.trouble = `it wrote more than the ${limitBytes} bytes allowed, and was killed`;
    }
    this.#chunks[name].push(bytes);
    try {
      this.#options.onOutput?.(name, bytes);
    } catch (cause) {
      return this.trouble = `its output could not be handed on: ${reasonOf(cause)}`;
    }
    return undefined;
  }

  bytes(name: "stdout" | "stderr"): Uint8Array {
    const chunks = this.#chunks[name];
    const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let offset = 0;
    for (const chunk of chunks) {
      whole.set(chunk, offset);
      offset += chunk.length;
    }
    return whole;
  }
}
