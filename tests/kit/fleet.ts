/**
 * A master and its minions in this process: the real roles and the real minion, over the in-memory network or over
 * real sockets, below one temporary directory. Whatever a test starts with it is stopped and removed with it.
 *
 * @module
 */
import { Brine } from "../../src/client/brine.ts";
import { loadConfig } from "../../src/config/load.ts";
import { MASTER_KEYS, type MasterConfig, resolveMasterConfig } from "../../src/config/master_config.ts";
import { MINION_KEYS, type MinionConfig, resolveMinionConfig } from "../../src/config/minion_config.ts";
import { directoriesOf, type Paths, pathsOf } from "../../src/config/paths.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { type LogRecord, logTo } from "../../src/core/log.ts";
import { type Identity, openIdentity, publicHalf, type PublicIdentity } from "../../src/crypto/identity.ts";
import type { Exchange } from "../../src/master/link.ts";
import { localExchange } from "../../src/master/local_exchange.ts";
import { runProcessManager } from "../../src/master/process_manager.ts";
import { roleLog } from "../../src/master/role_log.ts";
import { roleNamed } from "../../src/master/roles.ts";
import { localStarter } from "../../src/master/local_starter.ts";
import type { RoleStarter } from "../../src/master/starter.ts";
import { runMinion } from "../../src/minion/minion.ts";
import { join, makeTemporaryDirectory, removePath, systemTemporaryDirectory } from "../../src/runtime/files.ts";
import { MemoryNetwork } from "../../src/transport/memory.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { zwsTransport } from "../../src/transport/zws/zws.ts";
import { fleetTransport } from "./late_close.ts";
import { until } from "./until.ts";

/** What a fleet is made of. */
export interface FleetOptions {
  /** How many (`m1`, `m2`, …), or their ids. Default 1. */
  readonly minions?: number | readonly string[];
  readonly transport?: "memory" | "zws";
  /** Of everybody. Default: the machine's. */
  readonly clock?: Clock;
  /** Accept the keys and wait until everybody hears jobs. Default true. */
  readonly isAccepted?: boolean;
  /** The master also writes its log to {@link Fleet.logFile}. */
  readonly hasLogFile?: boolean;
  readonly master?: Partial<MasterConfig>;
  readonly minion?: Partial<MinionConfig>;
}

/** How one minion differs from the others. */
export interface MinionOptions extends Partial<Omit<MinionConfig, "id" | "paths">> {
  /** Wraps the minion's transport, to listen or to interfere. */
  readonly wrap?: (transport: Transport) => Transport;
  readonly clock?: Clock;
  /** Start only; do not wait until it hears jobs. */
  readonly isAwaited?: boolean;
}

/** Where the master listens on the in-memory network. */
const MASTER_ADDRESS = "10.0.0.1";
const OPERATOR_ADDRESS = "10.0.0.2";

interface Running {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

interface MinionState {
  readonly options: MinionOptions;
  hearing: number;
  running: Running | undefined;
}

/** Starts a master and minions, and waits until they are ready. */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const fleet = new Fleet(options);
  try {
    await fleet.startMaster();
    const { minions = 1, isAccepted = true } = options;
    const ids = typeof minions === "number" ? Array.from({ length: minions }, (_, i) => `m${i + 1}`) : minions;
    for (const id of ids) await fleet.addMinion(id, { isAwaited: false });
    if (ids.length > 0) await fleet.untilPending(ids);
    if (ids.length > 0 && isAccepted) {
      await using brine = await fleet.client();
      await brine.changeKeys("accept", ids);
      await fleet.untilUp(ids);
    }
    return fleet;
  } catch (thrown) {
    await fleet[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** A running fleet. */
export class Fleet implements AsyncDisposable {
  readonly root = makeTemporaryDirectory(systemTemporaryDirectory(), "brine-fleet-");
  /** Where paths are cut and healed; see {@link Fleet.addressOf}. */
  readonly network: MemoryNetwork;
  readonly clock: Clock;
  readonly paths: Paths;
  /** Every record of every part; a minion's are signed with its id. */
  readonly records: LogRecord[] = [];
  readonly #options: FleetOptions;
  readonly #minions = new Map<string, MinionState>();
  readonly #clients: Brine[] = [];
  #master: Running | undefined;
  #retPort = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
    this.network = new MemoryNetwork({ clock: this.clock, random: Math.random });
    this.paths = pathsOf(directoriesOf({ root: join(this.root, "master"), isRoot: false, home: "/", environment: {} }));
  }

  /** HOST:PORT of the master. */
  get address(): string {
    return `${this.#isMemory ? MASTER_ADDRESS : "127.0.0.1"}:${this.#retPort}`;
  }

  /** Where the master's log is written, if it is. */
  get logFile(): string {
    return join(this.paths.lib, "master.log");
  }

  // --- the master ---

  async startMaster(): Promise<void> {
    const ready = Promise.withResolvers<void>();
    const stop = new AbortController();
    const config = await this.#masterConfig();
    const exchange = this.#loggingExchange();
    const shared = {
      config,
      clock: this.clock,
      random: Math.random,
      exchange,
      transport: this.transportFrom(MASTER_ADDRESS),
    };
    const logOf = roleLog({ config, clock: this.clock, exchange });
    const starter: RoleStarter = localStarter(roleNamed, (name) => ({ ...shared, name, log: logOf(name), starter }));
    const done = runProcessManager({
      ...shared,
      name: "ProcessManager",
      log: this.#logOf("ProcessManager"),
      starter,
      onReload: () => ({ [Symbol.dispose]: () => {} }),
      signal: stop.signal,
      ready: ({ retPort } = {}) => {
        this.#retPort = retPort ?? config.retPort;
        ready.resolve();
      },
    });
    this.#master = { stop, done };
    await Promise.race([ready.promise, done]);
  }

  /** As SIGTERM does; resolves when everything of it is released. */
  async stopMaster(): Promise<void> {
    const master = this.#master;
    this.#master = undefined;
    master?.stop.abort();
    await master?.done;
  }

  /** The same master again, on the same port. */
  async restartMaster(): Promise<void> {
    await this.stopMaster();
    await this.startMaster();
  }

  /** The master's public keys. */
  get masterIdentity(): PublicIdentity {
    return publicHalf(openIdentity(this.paths.masterKey));
  }

  // --- operators ---

  /** Logs in, as the first operator unless another key is given. */
  async client({ operator = "root", identity }: { operator?: string; identity?: Identity } = {}): Promise<Brine> {
    const brine = await Brine.open({
      transport: this.transportFrom(OPERATOR_ADDRESS),
      clock: this.clock,
      master: this.address,
      operator,
      identity: identity ?? openIdentity(this.paths.operatorKey),
      masterIdentity: this.masterIdentity,
    });
    this.#clients.push(brine);
    return brine;
  }

  // --- minions ---

  /** Starts a minion of its own root, and waits until its key is known if that is all that can happen. */
  async addMinion(id: string, options: MinionOptions = {}): Promise<void> {
    this.#minions.set(id, { options, hearing: 0, running: undefined });
    await this.startMinion(id);
  }

  /** Starts a minion that was stopped. */
  async startMinion(id: string): Promise<void> {
    const state = this.#stateOf(id);
    const { wrap = (same: Transport) => same, isAwaited = true, clock = this.clock, ...rest } = state.options;
    const config = await this.#minionConfig(id, rest);
    const stop = new AbortController();
    const before = state.hearing;
    const done = runMinion({
      config,
      clock,
      random: Math.random,
      log: this.#logOf(id),
      transport: wrap(this.transportFrom(this.addressOf(id))),
      signal: stop.signal,
      onHearing: () => state.hearing++,
    });
    state.running = { stop, done };
    if (isAwaited) await Promise.race([until(`${id} hears jobs`, () => state.hearing > before), done]);
  }

  /** As SIGTERM does. */
  async stopMinion(id: string): Promise<void> {
    const state = this.#stateOf(id);
    const { running } = state;
    state.running = undefined;
    running?.stop.abort();
    await running?.done;
  }

  /** Where a minion is on the in-memory network. */
  addressOf(id: string): string {
    return `10.1.0.${[...this.#minions.keys()].indexOf(id) + 1}`;
  }

  /** How often a minion has begun to hear jobs. */
  hearingCount(id: string): number {
    return this.#stateOf(id).hearing;
  }

  minionPaths(id: string): Paths {
    const root = join(this.root, "minions", id);
    return pathsOf(directoriesOf({ root, isRoot: false, home: "/", environment: {} }));
  }

  // --- waiting and looking ---

  /** Waits until the master holds the keys of these, whatever it thinks of them. */
  async untilPending(ids: readonly string[]): Promise<void> {
    await using brine = await this.client();
    await until(`the keys of ${ids}`, async () => {
      const { pending, accepted } = (await brine.keys()).minions;
      const known = new Set([...pending, ...accepted].map(({ id }) => id));
      return ids.every((id) => known.has(id));
    });
  }

  /** Waits until the master sees these minions up, or down. */
  async untilUp(ids: readonly string[], isUp = true): Promise<void> {
    await using brine = await this.client();
    await until(`${ids} ${isUp ? "up" : "down"}`, async () => {
      const up = new Set((await brine.minions()).filter((minion) => minion.isUp).map(({ id }) => id));
      return ids.every((id) => up.has(id) === isUp);
    });
  }

  /** What one part has logged, as text; without a name, everybody. */
  logged(source?: string): string[] {
    return this.records.filter((record) => source === undefined || record.source === source).map(({ text }) => text);
  }

  async untilLogged(source: string, pattern: RegExp): Promise<string> {
    return await until(`${pattern} in the log of ${source}`, () => this.logged(source).find((t) => pattern.test(t)));
  }

  /** A way into the fleet's network from one address. */
  transportFrom(address: string): Transport {
    if (this.#isMemory) return fleetTransport(this.network, address);
    return zwsTransport({ clock: this.clock, random: Math.random });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    await Promise.all([...this.#minions.keys()].map((id) => this.stopMinion(id)));
    try {
      await this.stopMaster();
    } finally {
      removePath(this.root);
    }
  }

  get #isMemory(): boolean {
    return this.#options.transport !== "zws";
  }

  #stateOf(id: string): MinionState {
    const state = this.#minions.get(id);
    if (!state) throw new Error(`Cannot find minion ${id}: this fleet has none of that name`);
    return state;
  }

  async #masterConfig(): Promise<MasterConfig> {
    const path = join(this.root, "no-such-file");
    const values = await loadConfig(MASTER_KEYS, { path, isRequired: false, flags: {} });
    return {
      ...resolveMasterConfig(values, this.paths),
      interface: this.#isMemory ? MASTER_ADDRESS : "127.0.0.1",
      workerThreads: 0,
      publishPort: 0,
      retPort: this.#retPort,
      logLevel: "debug",
      logFile: this.#options.hasLogFile ? this.logFile : undefined,
      ...this.#options.master,
    };
  }

  async #minionConfig(id: string, options: Partial<MinionConfig>): Promise<MinionConfig> {
    const path = join(this.root, "no-such-file");
    const values = await loadConfig(MINION_KEYS, { path, isRequired: false, flags: { master: this.address, id } });
    return {
      ...resolveMinionConfig(values, this.minionPaths(id), { hostId: id, token: undefined }),
      reconnectFirstMs: 10, // tests do not wait
      reconnectMaxMs: 100,
      logLevel: "debug",
      ...this.#options.minion,
      ...options,
    };
  }

  #logOf(source: string) {
    const write = (record: LogRecord) => void this.records.push(record);
    return logTo(write, { source, least: () => "debug", now: () => this.clock.now() });
  }

  /** The roles' records go to MultiprocessingLoggingQueue; with a log file it gets them, else only the test does. */
  #loggingExchange(): Exchange {
    const inner = localExchange();
    const { records } = this;
    const isWritten = this.#options.hasLogFile;
    return {
      serve: (hub, onLink) => inner.serve(hub, onLink),
      connect(hub, receive, onConnect) {
        const link = inner.connect(hub, receive, onConnect);
        if (hub !== "MultiprocessingLoggingQueue") return link;
        return {
          send(message) {
            records.push(message as unknown as LogRecord); // of this hub, which the type parameter cannot say
            if (isWritten) link.send(message);
          },
          [Symbol.dispose]: () => link[Symbol.dispose](),
        };
      },
    };
  }
}
