/** `brine master`. @module */
import { runMaster } from "../../master.ts";
import { loadConfig } from "../config/load.ts";
import { MASTER_KEYS, type MasterConfig, resolveMasterConfig } from "../config/master_config.ts";
import { mergeReload } from "../config/reload.ts";
import { masterProblems } from "../master/config_problems.ts";
import { reasonOf, UsageError } from "../core/errors.ts";
import { escapeToLine } from "../output/terminal.ts";
import { tellSystemd } from "../runtime/systemd.ts";
import { onSignals } from "../runtime/process.ts";
import { showAs } from "../runtime/process_name.ts";
import { writeError, writeOut } from "../runtime/terminal.ts";
import { EXIT } from "./exit_codes.ts";
import { withClearErrors } from "./start_errors.ts";
import { given, type GlobalOptions, pathsFor } from "./surroundings.ts";
import type { Command } from "commander";

interface Options extends GlobalOptions {
  readonly interface?: string;
  readonly publishPort?: number;
  readonly retPort?: number;
  readonly workerThreads?: number;
  readonly check?: boolean;
  readonly insecureAutoAccept?: boolean;
}

/** Runs a master until SIGTERM or SIGINT. */
export async function masterCommand(_own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<Options>();
  const config = await masterConfigOf(options);
  if (options.check) {
    writeOut(`${options.config ?? config.paths.masterConfig}: good\n`);
    return EXIT.ok;
  }
  if (config.workerThreads > 0) await showAs("brine master ProcessManager"); // one of thirteen
  const stop = new AbortController();
  using _signals = onSignals(["SIGTERM", "SIGINT"], () => stop.abort());
  await withClearErrors("master", config.paths, () =>
    runMaster(config, {
      signal: stop.signal,
      onReady: () => {
        writeError("brine master is ready\n");
        void tellSystemd("READY=1");
      },
      onReload: (act) => reloadsOf(options, config, act),
    }));
  return EXIT.ok;
}

/** On SIGHUP the files are read again; what cannot change while the master runs is said, and stays. */
function reloadsOf(
  options: Options,
  first: MasterConfig,
  act: (config: MasterConfig, changed: readonly string[]) => void,
): Disposable {
  let current = first;
  const reload = async () => {
    const next = await masterConfigOf(options);
    const { changed, fixed, config } = mergeReload(current, next);
    current = config;
    if (changed.length > 0) act(config, changed);
    const kept = fixed.length === 0 ? "" : `; needs a restart: ${fixed.join(", ")}`;
    writeError(`brine master: configuration read again; changed: ${changed.join(", ") || "nothing"}${kept}\n`);
  };
  return onSignals(["SIGHUP"], () => {
    reload().catch((thrown) => writeError(`brine master: ${escapeToLine(reasonOf(thrown))}; the old one stays\n`));
  });
}

async function masterConfigOf(options: Options): Promise<MasterConfig> {
  const paths = pathsFor(options);
  const values = await loadConfig(MASTER_KEYS, {
    path: options.config ?? paths.masterConfig,
    isRequired: options.config !== undefined,
    check: masterProblems,
    flags: given({
      interface: options.interface,
      publish_port: options.publishPort,
      ret_port: options.retPort,
      worker_threads: options.workerThreads,
      log_level: options.logLevel,
    }),
  });
  const insecureAutoAccept = options.insecureAutoAccept ?? false;
  if (insecureAutoAccept && !/^(127\.|::1$|localhost$)/.test(values.interface)) {
    throw new UsageError(`Cannot accept every key on ${values.interface}: --insecure-auto-accept is for loopback only`);
  }
  return resolveMasterConfig(values, paths, { insecureAutoAccept });
}
