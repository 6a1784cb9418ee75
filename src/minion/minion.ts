/**
 * A minion: one sealed session with the master on 4506, one subscription on 4505, and the jobs that come over it.
 *
 *     connect ─▶ handshake ─▶ welcome (keys, ticket) ─▶ subscribe ─▶ jobs ─▶ returns
 *        ▲            │ pending: wait, the session stays     │
 *        └── back-off ┴──────────── lost ◀───────────────────┘
 *
 * @module
 */
import { ClientChannel, type Loss } from "../channel/client_channel.ts";
import type { MinionConfig } from "../config/minion_config.ts";
import type { Clock } from "../core/clock.ts";
import { reasonOf } from "../core/errors.ts";
import type { Jid } from "../core/jid.ts";
import type { Log } from "../core/log.ts";
import { VERSION } from "../core/version.ts";
import { fingerprintOf, type Identity, openIdentity, publicHalf, type PublicIdentity } from "../crypto/identity.ts";
import { publicKeyOf } from "../runtime/crypto.ts";
import { makePrivateDirectory } from "../runtime/files.ts";
import { thisHost } from "../runtime/host.ts";
import type { Transport } from "../transport/transport.ts";
import type { Grains } from "../target/grains.ts";
import { parseTarget } from "../target/parse.ts";
import { encodeMinionMessage, type FromMinion, readToMinion, type ToMinion } from "../wire/minion_messages.ts";
import type { Job } from "../wire/publish.ts";
import { Executor } from "./executor.ts";
import { builtinFunctions } from "./functions/index.ts";
import { collectGrains } from "./grains/collect.ts";
import { JobLedger } from "./job_ledger.ts";
import { PinnedMaster } from "./pinned_master.ts";
import { PublishReader } from "./publish_reader.ts";
import { ReturnSender } from "./return_sender.ts";
import { Spool } from "./spool.ts";
import { Subscription } from "./subscription.ts";

/** Before the master's welcome says otherwise. */
const FIRST_HEARTBEAT_MS = 10_000;

/** Dropped frames are reported to the master at most this often, with how many they were. */
const REPORT_EVERY_MS = 5_000;

/** What a minion is given. */
export interface MinionContext {
  readonly config: MinionConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly transport: Transport;
  /** Aborted when the minion must stop. */
  readonly signal: AbortSignal;
  /** The session with the master is up and jobs are heard; called each time. */
  readonly onHearing?: () => void;
}

/** Runs a minion until the context's signal. */
export async function runMinion(context: MinionContext): Promise<void> {
  await using minion = new Minion(context);
  minion.start();
  await new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve();
    else context.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  context.log.info("stopping: jobs that still run are killed, returns stay in the spool");
}

class Minion implements AsyncDisposable {
  readonly #context: MinionContext;
  readonly #identity: Identity;
  readonly #pinned: PinnedMaster;
  readonly #ledger: JobLedger;
  readonly #sender: ReturnSender;
  readonly #executor: Executor;
  #channel: ClientChannel | undefined;
  #subscription: Subscription | undefined;
  #reader: PublishReader | undefined;
  #grains: Grains | undefined;
  /** The master's clock minus ours: expiry is judged by the clock that set it. */
  #clockOffsetMs = 0;
  #lastLoss = "";
  #hasSession = false;
  #refused = 0;
  #reporter: Disposable | undefined;
  #refresh: Disposable | undefined;
  /** Subscriptions of sessions that were lost, until they are closed. */
  readonly #closing = new Set<Promise<void>>();

  constructor(context: MinionContext) {
    const { config, clock, log } = context;
    const { paths } = config;
    this.#context = context;
    this.#identity = openIdentity(paths.minionKey);
    this.#pinned = new PinnedMaster(paths.minionPinnedMaster, config.masterFinger);
    this.#ledger = new JobLedger(paths.minionJids, () => clock.now());
    makePrivateDirectory(paths.minionTemporary);
    const spool = new Spool(paths.minionSpool);
    const send = (message: FromMinion) => this.#send(message);
    this.#sender = new ReturnSender({ id: config.id, spool, clock, log, send });
    this.#executor = new Executor({
      clock,
      log,
      spool,
      maxRunning: config.maxRunningJobs,
      context: {
        id: config.id,
        grains: () => Promise.resolve(this.#currentGrains()),
        temporaryDirectory: paths.minionTemporary,
        version: VERSION,
        functions: builtinFunctions(),
        clock,
      },
      onReturn: (head, body) => this.#sender.announce(head, body),
      onRunning: (jids) => this.#tellRunning(jids),
    });
  }

  start(): void {
    const { config, clock, transport, log } = this.#context;
    if (config.grainsRefreshMs > 0) this.#refresh = clock.every(config.grainsRefreshMs, () => this.#refreshGrains());
    const { id, masterHost, masterPort, token, reconnectFirstMs, reconnectMaxMs } = config;
    log.info(`key ${fingerprintOf(publicHalf(this.#identity))}, master ${masterHost}:${masterPort}`);
    this.#channel = new ClientChannel({
      transport,
      clock,
      url: `ws://${masterHost}:${masterPort}`,
      hello: { role: "minion", id, identity: this.#identity, ...(token === undefined ? {} : { token }) },
      checkMaster: (master, at) => this.#checkMaster(master, at),
      reconnect: { firstMs: reconnectFirstMs, maxMs: reconnectMaxMs },
      heartbeatMs: FIRST_HEARTBEAT_MS,
      onOpen: () => {
        this.#lastLoss = "";
        this.#hasSession = true;
      },
      onMessage: (message) => this.#obey(readToMinion(message)),
      onLost: (loss) => this.#lose(loss),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#executor[Symbol.asyncDispose]();
    this.#refresh?.[Symbol.dispose]();
    this.#reporter?.[Symbol.dispose]();
    this.#unsubscribe();
    await Promise.all(this.#closing);
    await this.#channel?.[Symbol.asyncDispose]();
    this.#sender[Symbol.dispose]();
    this.#ledger[Symbol.dispose]();
  }

  // --- the master on 4506 ---

  #checkMaster(master: PublicIdentity, at: number): void {
    const { isNew } = this.#pinned.check(master);
    const fingerprint = fingerprintOf(master);
    if (isNew) this.#context.log.warning(`first contact: the master's key ${fingerprint} is trusted from now on`);
    this.#clockOffsetMs = at - this.#context.clock.now();
    this.#reader ??= new PublishReader(publicKeyOf("ed25519", master.signingKey), {
      onJob: (job) => void this.#take(job).catch((thrown) => this.#refuse(`dropped a job: ${reasonOf(thrown)}`)),
      onRefused: (reason) => this.#refuse(`dropped a publish: ${reason}`),
      onGap: (missing) => this.#context.log.warning(`${missing} publishes did not arrive`),
    });
  }

  #obey(message: ToMinion): void {
    const { log } = this.#context;
    switch (message.kind) {
      case "pending": {
        const fingerprint = fingerprintOf(publicHalf(this.#identity));
        const { id } = this.#context.config;
        return log.warning(`the key ${fingerprint} is pending: type \`brine key accept ${id}\` on the master`);
      }
      case "rejected":
        return log.error(`the master rejects this minion: ${message.reason}; it goes on trying`);
      case "welcome":
        return this.#settleIn(message);
      case "epochs":
        return this.#reader?.setEpochs(message.epochs);
      case "want":
        return this.#sender.want(message.jid, message.offset);
      case "stored":
        for (const jid of message.jids) this.#sender.stored(jid);
        return;
      case "kill":
        return this.#executor.kill(message.jid);
    }
  }

  #settleIn({ publishPort, ticket, epochs, heartbeatMs }: Extract<ToMinion, { kind: "welcome" }>): void {
    const { config, clock, random, transport, log } = this.#context;
    this.#reader?.setEpochs(epochs);
    if (this.#subscription) return this.#subscription.renew(ticket);
    log.info("accepted by the master");
    this.#introduce();
    this.#subscription = new Subscription({
      transport,
      clock,
      random,
      url: `ws://${config.masterHost}:${publishPort}`,
      ticket,
      heartbeatMs,
      reconnect: { firstMs: config.reconnectFirstMs, maxMs: config.reconnectMaxMs },
      onFrame: (frame) => this.#reader?.take(frame),
      onHearing: () => {
        log.info(`hearing jobs on port ${publishPort}`);
        this.#context.onHearing?.();
      },
      onLost: (reason) => log.warning(`lost the publisher: ${reason}`),
      needTicket: () => void this.#send({ kind: "ticket", id: config.id }),
    });
    this.#sender.start();
    this.#tellRunning(this.#executor.jids);
  }

  #lose({ reason, cause, retryInMs }: Loss): void {
    this.#unsubscribe();
    if (cause && this.#hasSession) this.#refuse(`ended the session: ${reasonOf(cause)}`);
    this.#hasSession = false;
    const { log, config } = this.#context;
    const text = cause
      ? reasonOf(cause)
      : `no session with master ${config.masterHost}:${config.masterPort}: ${reason}`;
    const wait = retryInMs === undefined ? "" : ` (next attempt in ${(retryInMs / 1000).toFixed(1)} s)`;
    // Once loudly; the same again is worth a line only to those who ask for it.
    if (text === this.#lastLoss) log.debug(text + wait);
    else if (cause) log.error(text);
    else log.warning(text + wait);
    this.#lastLoss = text;
  }

  #unsubscribe(): void {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (!subscription) return;
    const closing = subscription[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #send(message: FromMinion): boolean {
    return this.#channel?.send(encodeMinionMessage(message)) ?? false;
  }

  // --- jobs from 4505 ---

  async #take(job: Job): Promise<void> {
    const { config, clock, log } = this.#context;
    const matcher = await parseTarget(job.target);
    if (this.#context.signal.aborted) return;
    const grains = matcher.usesGrains ? this.#currentGrains() : {};
    if (!matcher.matches({ id: config.id, grains })) return;
    const lateMs = clock.now() + this.#clockOffsetMs - job.expiresAt;
    if (lateMs > 0) return log.warning(`${job.jid} came ${lateMs} ms after its expiry: not run`);
    try {
      if (!this.#ledger.take(job.jid, job.expiresAt)) return this.#refuse(`dropped ${job.jid}: it was run already`);
    } catch (thrown) {
      log.error(`Cannot note ${job.jid} on disk: ${reasonOf(thrown)}`);
      return this.#executor.refuse(
        job,
        `Cannot run ${job.function}: the minion cannot note the job on disk: ${reasonOf(thrown)}`,
      );
    }
    log.info(`${job.jid}: ${job.operator} runs ${job.function}`);
    this.#executor.start(job);
  }

  #introduce(): void {
    const { id } = this.#context.config;
    this.#send({ kind: "ready", id, version: VERSION, grains: { ...this.#currentGrains() } });
  }

  #currentGrains(): Grains {
    this.#grains ??= this.#collectGrains();
    return this.#grains;
  }

  #collectGrains(): Grains {
    const { id, grains: custom } = this.#context.config;
    return collectGrains({ host: thisHost(), id, version: VERSION, custom });
  }

  /** Looks at the machine again, and tells the master if anything is not as it was. */
  #refreshGrains(): void {
    const fresh = this.#collectGrains();
    if (JSON.stringify(fresh) === JSON.stringify(this.#currentGrains())) return;
    this.#grains = fresh;
    this.#introduce();
  }

  #tellRunning(jids: readonly Jid[]): void {
    if (jids.length > 0) this.#send({ kind: "running", id: this.#context.config.id, jids: [...jids] });
  }

  /** Something that came was not taken: it is logged, and the master is told, now and then, how many there were. */
  #refuse(reason: string): void {
    this.#context.log.warning(reason);
    this.#refused++;
    this.#reportLater(reason);
  }

  #reportLater(reason: string): void {
    this.#reporter ??= this.#context.clock.after(REPORT_EVERY_MS, () => {
      this.#reporter = undefined;
      const data = { count: this.#refused, reason };
      if (!this.#subscription) return this.#reportLater(reason); // nobody to tell
      this.#send({ kind: "event", id: this.#context.config.id, tag: "refused", data });
      this.#refused = 0;
    });
  }
}
