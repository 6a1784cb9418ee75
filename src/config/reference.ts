/**
 * The reference page of all configuration keys, from the table that reads them.
 *
 * @module
 */
import type { ConfigTable } from "./key.ts";
import { MASTER_KEYS } from "./master_config.ts";
import { MINION_KEYS } from "./minion_config.ts";

/** `docs/configuration.md`, whole. */
export function configurationPage(): string {
  return [
    "# Configuration",
    "",
    "YAML, with Salt's names where the thing is the same. Unknown keys are errors. The command line wins over the file.",
    "This page is made by `deno task reference` from the table that reads the files.",
    "",
    "## The master: `/etc/brine/master`",
    "",
    ...rows(MASTER_KEYS),
    "",
    "## The minion: `/etc/brine/minion`",
    "",
    ...rows(MINION_KEYS),
    "",
  ].join("\n");
}

function rows(table: ConfigTable): string[] {
  return [
    "| Key | Default | What it does |",
    "| --- | --- | --- |",
    ...Object.entries(table).map(([name, { defaultValue, about }]) =>
      `| \`${name}\` | \`${JSON.stringify(defaultValue)}\` | ${about.replaceAll("|", "\\|")} |`
    ),
  ];
}
