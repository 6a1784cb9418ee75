/**
 * The jobs that this minion has taken, on disk: none is started twice, also after a restart (T14). One line a job,
 * `JID EXPIRY`; a job that has expired would not be started anyway, so its line is dropped when the file is opened.
 *
 * @module
 */
import type { Jid } from "../core/jid.ts";
import { AppendFile, readTextIfThere, writePrivateFile } from "../runtime/files.ts";

/** How long a line outlives its job's expiry, for clocks that are set back. */
const MARGIN_MS = 86_400_000;

/** Lines in memory and file beyond which expired ones are dropped while running. */
const COMPACT_EVERY = 10_000;

/** Which jobs were taken. */
export class JobLedger implements Disposable {
  readonly #path: string;
  readonly #now: () => number;
  #taken = new Map<string, number>();
  #file: AppendFile;
  #appended = 0;

  /** Opens the ledger in the file at `path` (0600). */
  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
    for (const line of (readTextIfThere(path) ?? "").split("\n")) {
      const [jid, expiry] = line.split(" "); // a line cut off by a power failure has no number
      if (jid && Number(expiry) > 0) this.#taken.set(jid, Number(expiry));
    }
    this.#file = this.#compacted();
  }

  /** True the first time only. It is on disk before this returns; when that fails it throws and nothing is taken. */
  take(jid: Jid, expiresAt: number): boolean {
    if (this.#taken.has(jid)) return false;
    this.#file.append(`${jid} ${expiresAt}\n`);
    this.#taken.set(jid, expiresAt);
    if (++this.#appended >= COMPACT_EVERY) {
      this.#file[Symbol.dispose]();
      this.#file = this.#compacted();
    }
    return true;
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  #compacted(): AppendFile {
    const oldest = this.#now() - MARGIN_MS;
    this.#taken = new Map([...this.#taken].filter(([, expiry]) => expiry > oldest));
    writePrivateFile(this.#path, [...this.#taken].map(([jid, expiry]) => `${jid} ${expiry}\n`).join(""));
    this.#appended = 0;
    return new AppendFile(this.#path);
  }
}
