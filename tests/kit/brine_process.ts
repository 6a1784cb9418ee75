/**
 * The compiled executable as a person uses it: masters, minions and client commands as processes of their own, on
 * loopback, below a temporary root. Everything is ended by its number and removed when the fleet is disposed.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { until } from "./until.ts";

/** The compiled file; another one when BRINE_UNDER_TEST names it. */
export const BRINE = process.env["BRINE_UNDER_TEST"] ?? fileURLToPath(new URL("../../dist/brine", import.meta.url));
if (!existsSync(BRINE)) throw new Error(`Cannot test ${BRINE}: there is no such file; run \`npm run build\` first`);

const START_LIMIT_MS = 10_000;
const KILL_AFTER_MS = 8_000;

/** How a process ended and what it said. */
export interface Finished {
  /** The exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Uint8Array;
}

/** What surrounds a process. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Another program before the executable, such as `setpriv …`. */
  readonly through?: readonly string[];
}

/** One process of the executable. */
export class BrineProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #out: Uint8Array[] = [];
  readonly #errors: Uint8Array[] = [];
  /** Resolves when it has ended and all its output is here. */
  readonly ended: Promise<Finished>;
  #finished: Finished | undefined;

  constructor(words: readonly string[], { env = {}, cwd = tmpdir(), through = [] }: Surroundings = {}) {
    const [program = BRINE, ...args] = [...through, BRINE, ...words];
    const clean = { ...process.env, NO_COLOR: "1", TZ: "UTC" };
    for (const name of ["BRINE_ROOT", "BRINE_TOKEN", "BRINE_DEBUG"]) Reflect.deleteProperty(clean, name);
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], cwd, env: { ...clean, ...env } });
    this.#child = child;
    child.stdout?.on("data", (chunk: Uint8Array) => this.#out.push(chunk));
    child.stderr?.on("data", (chunk: Uint8Array) => this.#errors.push(chunk));
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        const bytes = Buffer.concat(this.#out);
        const finished = {
          code: code ?? -1,
          signal: signal ?? undefined,
          stdout: bytes.toString(),
          stderr: this.stderr,
          bytes,
        };
        this.#finished = finished;
        resolve(finished);
      });
    });
    this.ended.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it wrote so far. */
  get stdout(): string {
    return Buffer.concat(this.#out).toString();
  }

  get stderr(): string {
    return Buffer.concat(this.#errors).toString();
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.#finished !== undefined;
  }

  kill(signal: "SIGTERM" | "SIGINT" | "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGHUP" | "SIGUSR1"): void {
    if (!this.hasEnded) this.#child.kill(signal);
  }

  /** Waits until its stderr matches; fails at once when it has ended without. */
  async says(pattern: RegExp, limitMs = START_LIMIT_MS): Promise<RegExpExecArray> {
    return await until(`${pattern} in the output of brine`, () => {
      const found = pattern.exec(this.stderr);
      if (!found && this.hasEnded) throw new Error(`brine ended without saying ${pattern}: ${this.stderr}`);
      return found;
    }, limitMs).catch((cause) => {
      throw new Error(`brine does not say ${pattern}; it says:\n${this.stderr}`, { cause });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGCONT");
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), KILL_AFTER_MS);
    await this.ended.catch(() => {});
    clearTimeout(timer);
  }
}

/** Runs one command to its end. */
export async function brine(words: readonly string[], surroundings: Surroundings = {}): Promise<Finished> {
  return await new BrineProcess(words, surroundings).ended;
}

/** A temporary directory, removed when it is disposed. */
export class TemporaryDirectory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "brine-e2e-"));

  /** A path in it. */
  join(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  /** A new directory in it. */
  make(...parts: readonly string[]): string {
    const path = this.join(...parts);
    mkdirSync(path, { recursive: true });
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** How a fleet starts. */
export interface FleetOptions {
  /** Ids whose keys are accepted before the fleet is handed out, and who are then up. @default [] */
  readonly minions?: readonly string[];
  /** More words for the master. */
  readonly master?: readonly string[];
}

/** Words for every master: the same tests run over the tree and over the one process (scripts/test.mjs). */
const COMMON_WORDS = (process.env["BRINE_MASTER_WORDS"] ?? "").split(" ").filter(Boolean);

/** A master on free ports, minions, and client commands, below one temporary directory. */
export class Fleet implements AsyncDisposable {
  readonly directory = new TemporaryDirectory();
  readonly root = this.directory.join("master");
  readonly #masterWords: readonly string[];
  readonly #minions = new Map<string, BrineProcess>();
  readonly #others: BrineProcess[] = [];
  #master: BrineProcess | undefined;
  #retPort = 0;
  #publishPort = 0;

  private constructor(masterWords: readonly string[]) {
    this.#masterWords = masterWords;
  }

  static async start({ minions = [], master = [] }: FleetOptions = {}): Promise<Fleet> {
    const fleet = new Fleet([...COMMON_WORDS, ...master]);
    try {
      await fleet.startMaster();
      for (const id of minions) fleet.startMinion(id);
      if (minions.length > 0) await fleet.accept(...minions);
      return fleet;
    } catch (thrown) {
      await fleet[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  get master(): BrineProcess {
    if (!this.#master) throw new Error("Cannot name the master: none was started");
    return this.#master;
  }

  get retPort(): number {
    return this.#retPort;
  }

  get publishPort(): number {
    return this.#publishPort;
  }

  /** Starts the master; again on the same ports when it was there before. */
  async startMaster(): Promise<BrineProcess> {
    const ports = ["--publish-port", String(this.#publishPort), "--ret-port", String(this.#retPort)];
    const words = ["--root", this.root, "master", "--interface", "127.0.0.1", ...ports, ...this.#masterWords];
    const master = new BrineProcess(words);
    this.#master = master;
    this.#others.push(master);
    await master.says(/brine master is ready/);
    this.#publishPort = Number((await master.says(/publishing on 127\.0\.0\.1:(\d+)/))[1]);
    this.#retPort = Number((await master.says(/listening on 127\.0\.0\.1:(\d+)/))[1]);
    return master;
  }

  /** The root of a minion. */
  rootOf(id: string): string {
    return this.directory.join(id);
  }

  /** A running minion. */
  minion(id: string): BrineProcess {
    const minion = this.#minions.get(id);
    if (!minion) throw new Error(`Cannot name minion ${id}: it was not started`);
    return minion;
  }

  /** Starts a minion; again on the same root when it was there before. */
  startMinion(id: string, words: readonly string[] = [], surroundings: Surroundings = {}): BrineProcess {
    const master = `127.0.0.1:${this.#retPort}`;
    const minion = new BrineProcess(
      ["--root", this.rootOf(id), "minion", "--master", master, "--id", id, ...words],
      surroundings,
    );
    this.#minions.set(id, minion);
    this.#others.push(minion);
    return minion;
  }

  /** Waits until these keys are pending, accepts them, and waits until their minions hear jobs. */
  async accept(...ids: readonly string[]): Promise<void> {
    await until("pending keys", async () => {
      const { code, stdout, stderr } = await this.run("key", "list", "--json");
      if (code !== 0) throw new Error(`Cannot list keys: ${stderr}`);
      const { pending } = JSON.parse(stdout).minions;
      return ids.every((id) => pending.includes(id));
    });
    const { code, stderr } = await this.run("key", "accept", ...ids);
    if (code !== 0) throw new Error(`Cannot accept keys: ${stderr}`);
    for (const id of ids) await this.minion(id).says(/hearing jobs/);
  }

  /** Runs a client command to its end. */
  async run(...words: readonly string[]): Promise<Finished> {
    return await this.start(...words).ended;
  }

  /** Starts a client command. */
  start(...words: readonly string[]): BrineProcess {
    const client = new BrineProcess(["--root", this.root, ...words]);
    this.#others.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#others.toReversed().map((process) => process[Symbol.asyncDispose]()));
    this.directory[Symbol.dispose]();
  }
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("Cannot find a free port");
  return address.port;
}

/** Whether a process lives: there, and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
