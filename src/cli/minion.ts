/** `brine minion`. @module */
import type { Command } from "commander";
import { runMinion } from "../../minion.ts";
import { loadConfig } from "../config/load.ts";
import { MINION_KEYS, type MinionConfig, resolveMinionConfig } from "../config/minion_config.ts";
import { UsageError } from "../core/errors.ts";
import { fileFailureOf } from "../runtime/file_errors.ts";
import { readTextIfThere } from "../runtime/files.ts";
import { hostName, onSignals, takeVariable } from "../runtime/process.ts";
import { writeOut } from "../runtime/terminal.ts";
import { EXIT } from "./exit_codes.ts";
import { withClearErrors } from "./start_errors.ts";
import { given, type GlobalOptions, pathsFor } from "./surroundings.ts";

interface Options extends GlobalOptions {
  readonly master?: string;
  readonly id?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly masterFinger?: string;
  readonly check?: boolean;
}

/** Runs a minion until SIGTERM or SIGINT. */
export async function minionCommand(_own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<Options>();
  const config = await minionConfigOf(options);
  if (options.check) {
    writeOut(`${options.config ?? config.paths.minionConfig}: good\n`);
    return EXIT.ok;
  }
  const stop = new AbortController();
  using _signals = onSignals(["SIGTERM", "SIGINT"], () => stop.abort());
  await withClearErrors("minion", config.paths, () => runMinion(config, stop.signal));
  return EXIT.ok;
}

/** The minion's configuration from its file and these options. */
export async function minionConfigOf(options: Options): Promise<MinionConfig> {
  const paths = pathsFor(options);
  const values = await loadConfig(MINION_KEYS, {
    path: options.config ?? paths.minionConfig,
    isRequired: options.config !== undefined,
    flags: given({
      master: options.master,
      id: options.id,
      master_finger: options.masterFinger,
      log_level: options.logLevel,
    }),
  });
  return resolveMinionConfig(values, paths, { hostId: hostName(), token: tokenOf(options) });
}

/** `--token`, else what is in `--token-file`, else BRINE_TOKEN. */
function tokenOf({ token, tokenFile }: Options): string | undefined {
  // Taken out of the environment in any case: no command that runs here may read it there.
  const variable = takeVariable("BRINE_TOKEN");
  if (token !== undefined) return token;
  if (tokenFile === undefined) return variable === "" ? undefined : variable;
  const fail = (state: string) => new UsageError(`Cannot read token file ${tokenFile}: ${state}`);
  try {
    const text = readTextIfThere(tokenFile);
    if (text === undefined) throw fail("there is no such file");
    if (text.trim() === "") throw fail("it is empty");
    return text.trim();
  } catch (cause) {
    const failure = fileFailureOf(cause);
    throw failure ? fail(failure.why) : cause;
  }
}
