/**
 * The one executable: master, minion or client, whichever its first word says.
 *
 * @module
 */
import { main } from "./src/cli/main.ts";
import { commandLine } from "./src/runtime/process.ts";

await main(commandLine());
