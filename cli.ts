/**
 * The one executable: master, minion or client, whichever its first word says; or a role of a master, when a master
 * started it.
 *
 * @module
 */
import { commandLine } from "./src/runtime/process.ts";
import { roleParent } from "./src/runtime/role_child.ts";

const parent = roleParent((role) => `brine master ${role}`);
if (parent) await (await import("./master.ts")).runMasterRole(parent);
else await (await import("./src/cli/main.ts")).main(commandLine());
