/** `brine minions`. @module */
import type { Command } from "commander";
import { formatAge } from "../output/age.ts";
import { formatJson } from "../output/json.ts";
import { type Cell, formatTable } from "../output/table.ts";
import { writeOut } from "../runtime/terminal.ts";
import { withMaster } from "./client.ts";
import { EXIT } from "./exit_codes.ts";
import { type GlobalOptions, styleFor } from "./surroundings.ts";

/** Prints who is there. */
export async function minionsCommand(_own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  return await withMaster(options, async (brine) => {
    const minions = await brine.minions();
    if (options.json) {
      writeOut(`${formatJson(minions.map(({ isUp, ...rest }) => ({ ...rest, up: isUp })), 2)}\n`);
      return EXIT.ok;
    }
    const now = Date.now();
    const rows = minions.map(({ id, isUp, since, version, address }): Cell[] => [
      id,
      isUp ? { text: "up", tone: "success" } : { text: "down", tone: "failure" },
      since === 0 ? "never seen" : formatAge(since, now),
      version,
      address,
    ]);
    const columns = [{ title: "id" }, { title: "state" }, { title: "since" }, { title: "version" }, {
      title: "address",
    }];
    if (rows.length === 0) writeOut("no minion has an accepted key yet; see `brine key list`\n");
    else writeOut(`${formatTable(columns, rows, styleFor())}\n`);
    return EXIT.ok;
  });
}
