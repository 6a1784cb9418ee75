/**
 * Writes the pages of `docs/` that are made from tables in the code.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { configurationPage } from "../src/config/reference.ts";

writeFileSync(new URL("../docs/configuration.md", import.meta.url), configurationPage());
