/**
 * Finding the master and the operator's key on this host, and logging in.
 *
 * @module
 */
import { directoriesOf, pathsOf } from "../config/paths.ts";
import { parseRunningMaster } from "../config/running_master.ts";
import { pause, systemClock } from "../core/clock.ts";
import { RefusedError, UnreachableError } from "../core/errors.ts";
import { findIdentity, parsePublicIdentity } from "../crypto/identity.ts";
import { fileFailureOf } from "../runtime/file_errors.ts";
import { codeOf, readTextIfThere } from "../runtime/files.ts";
import { environment, homeDirectory, isAlive, isSuperuser } from "../runtime/process.ts";
import { zwsTransport } from "../transport/zws/zws.ts";
import { Brine } from "./brine.ts";

/** Where to connect. */
export interface ConnectOptions {
  /** The directory below which the master's files lie, as `--root`. Default: BRINE_ROOT, else the system's places. */
  readonly root?: string;
}

/** How long a master whose process lives, but whose port nobody listens on, is given to come back. */
const PATIENCE_MS = 3_000;

const RETRY_MS = 50;

/** Logs in to the master of this host as its own operator. Throws an `UnreachableError` when none is running. */
export async function connect({ root = environment()["BRINE_ROOT"] }: ConnectOptions = {}): Promise<Brine> {
  const surroundings = { root, isRoot: isSuperuser(), home: homeDirectory(), environment: environment() };
  const paths = pathsOf(directoriesOf(surroundings));
  const transport = zwsTransport({ clock: systemClock, random: Math.random });
  for (const deadlineMs = systemClock.now() + PATIENCE_MS;;) {
    const [running, masterPublic, identity] = readNotes();
    try {
      return await Brine.open({
        transport,
        clock: systemClock,
        master: `${reachable(running.host)}:${running.retPort}`,
        operator: "root",
        identity,
        masterIdentity: parsePublicIdentity(masterPublic),
      });
    } catch (thrown) {
      // The master lives, so its front is on its way back.
      if (!(thrown instanceof UnreachableError) || systemClock.now() > deadlineMs) throw thrown;
      await pause(systemClock, RETRY_MS);
    }
  }

  function readNotes() {
    try {
      const note = readTextIfThere(paths.runningMaster);
      const parsed = note === undefined ? undefined : parseRunningMaster(note);
      const key = findIdentity(paths.operatorKey);
      const pub = readTextIfThere(paths.masterPublic);
      if (parsed && key && pub && isAlive(parsed.pid)) return [parsed, pub, key] as const;
      if (parsed && isAlive(parsed.pid)) {
        const lost = key ? paths.masterPublic : paths.operatorKey;
        throw new RefusedError(`Cannot log in: there is no key ${lost}; restart the master, which makes it again`);
      }
      const stale = parsed && !isAlive(parsed.pid) ? ` (process ${parsed.pid} has gone)` : "";
      const where = root === undefined ? "on this host" : `under ${root}`;
      throw new UnreachableError(
        `Cannot find a master: none is running ${where}${stale}; start one with \`brine master\``,
      );
    } catch (thrown) {
      const failure = fileFailureOf(thrown);
      if (!failure) throw thrown;
      if (codeOf(thrown) === "EACCES") {
        const place = failure.path ?? paths.etc;
        throw new RefusedError(`Cannot read ${place}: it belongs to another user; be that user, or give --root DIR`);
      }
      throw new UnreachableError(`Cannot find a master: cannot read ${failure.path ?? paths.run}: ${failure.why}`);
    }
  }
}

/** An address to connect to for one that is listened on. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
