/** `brine events`. @module */
import type { Command } from "commander";
import { formatJson } from "../output/json.ts";
import { escapeToLine } from "../output/terminal.ts";
import { onSignals } from "../runtime/process.ts";
import { writeOut } from "../runtime/terminal.ts";
import { withMaster } from "./client.ts";
import { EXIT } from "./exit_codes.ts";
import type { GlobalOptions } from "./surroundings.ts";

/** Prints events as they happen, until Ctrl-C. */
export async function eventsCommand(glob: string | undefined, _own: unknown, command: Command): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>();
  return await withMaster(options, async (brine) => {
    let isInterrupted = false;
    using _signals = onSignals(["SIGINT", "SIGTERM"], () => {
      isInterrupted = true;
      void brine[Symbol.asyncDispose]();
    });
    try {
      for await (const { sequence, tag, at, data } of brine.events(glob ?? "*")) {
        const time = new Date(at).toISOString().slice(11, 23);
        const line = options.json
          ? formatJson({ sequence, tag, at, data })
          : `${time} ${escapeToLine(tag)} ${escapeToLine(formatJson(data))}`;
        if (!writeOut(`${line}\n`)) return EXIT.ok; // `brine events | head`
      }
    } catch (thrown) {
      if (!isInterrupted) throw thrown;
    }
    return isInterrupted ? EXIT.interrupted : EXIT.ok;
  });
}
