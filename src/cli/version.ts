/** `brine version`. @module */
import type { Command } from "commander";
import { VERSION } from "../core/version.ts";
import { runtimeVersion } from "../runtime/process.ts";
import { writeOut } from "../runtime/terminal.ts";
import { WIRE_VERSION } from "../wire/version.ts";
import { EXIT } from "./exit_codes.ts";
import type { GlobalOptions } from "./surroundings.ts";

/** Prints the version. */
export function versionCommand(_own: unknown, command: Command): Promise<number> {
  const { json } = command.optsWithGlobals<GlobalOptions>();
  const runtime = runtimeVersion();
  if (json) writeOut(`${JSON.stringify({ version: VERSION, wire: WIRE_VERSION, runtime })}\n`);
  else writeOut(`brine ${VERSION}\n`);
  return Promise.resolve(EXIT.ok);
}
