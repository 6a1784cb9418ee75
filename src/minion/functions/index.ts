/**
 * All functions that come with Brine. They are small and import almost nothing, so they are simply all there.
 *
 * @module
 */
import { cmdFunctions } from "./cmd.ts";
import { grainsFunctions } from "./grains.ts";
import { sysFunctions } from "./sys.ts";
import { FunctionTable } from "./table.ts";
import { testFunctions } from "./test.ts";

/** The table of all functions that come with Brine. */
export function builtinFunctions(): FunctionTable {
  return new FunctionTable([...cmdFunctions, ...grainsFunctions, ...sysFunctions, ...testFunctions]);
}
