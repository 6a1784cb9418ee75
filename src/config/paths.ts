/**
 * Where everything lies: below `--root DIR` as in Salt, in the system's places for root, in the XDG places for others.
 *
 * @module
 */
import { join } from "../runtime/files.ts";

/** The three directories that all other paths start from. */
export interface Directories {
  /** Configuration and keys: `/etc/brine`. */
  readonly etc: string;
  /** State: `/var/lib/brine`. */
  readonly lib: string;
  /** What is gone after a reboot: `/run/brine`. */
  readonly run: string;
}

/** The paths of all files that Brine keeps. */
export interface Paths extends Directories {
  readonly masterConfig: string;
  readonly minionConfig: string;
  readonly masterKey: string;
  /** The master's public keys, for clients on this host. */
  readonly masterPublic: string;
  readonly minionKey: string;
  /** The master that this minion trusts. */
  readonly minionPinnedMaster: string;
  readonly operatorKey: string;
  /** Keys, jobs and returns of the master. */
  readonly database: string;
  /** Where the running master listens, for clients on this host. */
  readonly runningMaster: string;
  readonly minionJids: string;
  readonly minionSpool: string;
  readonly minionTemporary: string;
}

/** What decides about the directories. */
export interface Surroundings {
  /** `--root` or BRINE_ROOT. */
  readonly root: string | undefined;
  readonly isRoot: boolean;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The directories for these surroundings. */
export function directoriesOf({ root, isRoot, home, environment }: Surroundings): Directories {
  if (root !== undefined) {
    return { etc: join(root, "etc/brine"), lib: join(root, "var/lib/brine"), run: join(root, "run/brine") };
  }
  if (isRoot) return { etc: "/etc/brine", lib: "/var/lib/brine", run: "/run/brine" };
  const xdg = (name: string, fallback: string) => environment[name] || join(home, fallback);
  return {
    etc: join(xdg("XDG_CONFIG_HOME", ".config"), "brine"),
    lib: join(xdg("XDG_STATE_HOME", ".local/state"), "brine"),
    run: join(environment["XDG_RUNTIME_DIR"] || xdg("XDG_STATE_HOME", ".local/state"), "brine", "run"),
  };
}

/** All paths below these directories. */
export function pathsOf(directories: Directories): Paths {
  const { etc, lib, run } = directories;
  return {
    ...directories,
    masterConfig: join(etc, "master"),
    minionConfig: join(etc, "minion"),
    masterKey: join(etc, "pki/master/master.key"),
    masterPublic: join(etc, "pki/master/master.pub"),
    minionKey: join(etc, "pki/minion/minion.key"),
    minionPinnedMaster: join(etc, "pki/minion/master.pub"),
    operatorKey: join(etc, "pki/operator/root.key"),
    database: join(lib, "master/master.sqlite"),
    runningMaster: join(run, "master.json"),
    minionJids: join(lib, "minion/jids"),
    minionSpool: join(lib, "minion/spool"),
    minionTemporary: join(lib, "minion/tmp"),
  };
}
