/**
 * The report of a run, in the format that was asked for.
 *
 * @module
 */
import { compareNatural } from "../target/natural_order.ts";
import { formatDuration } from "./duration.ts";
import { formatJson } from "./json.ts";
import { toRunDocument } from "./run_document.ts";
import { isFailure, type MinionReturn, type RunSummary } from "../core/run_summary.ts";
import type { RunFormat } from "./run_formats.ts";
import { formatFolded, formatNested } from "./run_text.ts";
import { PLAIN, type Style } from "./style.ts";
import { type Cell, formatTable, truncate } from "./table.ts";
import { escapeControls, escapeToLine } from "./terminal.ts";
import { formatValue } from "./value.ts";

/** Narrowest column for results, however narrow the terminal. */
const MIN_RESULT_COLUMNS = 20;

/** The report without a final line feed. Asynchronous because YAML is loaded when it is asked for. */
export async function formatRun(summary: RunSummary, format: RunFormat, style: Style = PLAIN): Promise<string> {
  switch (format) {
    case "folded":
      return formatFolded(summary, style);
    case "nested":
      return formatNested(summary, style);
    case "json":
      return formatJson(toRunDocument(summary), 2);
    case "yaml":
      return await formatYaml(summary);
    case "txt":
      return formatTxt(summary, style);
    case "table":
      return formatRunTable(summary, style);
  }
}

async function formatYaml(summary: RunSummary): Promise<string> {
  const { Document, visit } = await import("yaml");
  const document = new Document(toRunDocument(summary), { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      // The library leaves DEL and C1 as they are. Between double quotes our spelling of them is YAML's own.
      if (typeof node.value === "string" && escapeControls(node.value) !== node.value) node.type = "QUOTE_DOUBLE";
    },
  });
  return escapeControls(document.toString({ lineWidth: 0 })).trimEnd();
}

/** `id: line` for each line, which `grep` and `cut` understand. */
function formatTxt(summary: RunSummary, style: Style): string {
  return byId(summary.returns).flatMap(([id, answer]) => {
    const lines = formatValue(answer.return, style);
    const name = escapeToLine(id);
    return lines.length === 0 ? [`${name}:`] : lines.map((line) => `${name}: ${line}`);
  }).join("\n");
}

function formatRunTable(summary: RunSummary, style: Style): string {
  const answers = byId(summary.returns);
  const silent = [...summary.missing].sort(([a], [b]) => compareNatural(a, b));
  const longest = [...answers, ...silent].reduce((most, [id]) => Math.max(most, id.length), 0);
  const room = Math.max(MIN_RESULT_COLUMNS, style.width - longest - "  EXIT  12345678  ".length);
  const rows: Cell[][] = [
    ...answers.map(([id, answer]): Cell[] => {
      const [first = "", ...rest] = formatValue(answer.return, style);
      const result = truncate(escapeToLine(rest.length > 0 ? `${first} …` : first), room);
      const tone = isFailure(answer) ? "failure" : "success";
      return [{ text: id, tone }, String(answer.retcode), formatDuration(answer.durationMs), result];
    }),
    ...silent.map(([id, reason]): Cell[] => {
      return [{ text: id, tone: "missing" }, "-", "-", truncate(`did not answer: ${escapeToLine(reason)}`, room)];
    }),
  ];
  const columns = [
    { title: "minion" },
    { title: "exit", align: "right" },
    { title: "took", align: "right" },
    { title: "result" },
  ] as const;
  return formatTable(columns, rows, style);
}

function byId(returns: ReadonlyMap<string, MinionReturn>): readonly (readonly [string, MinionReturn])[] {
  return [...returns].sort(([a], [b]) => compareNatural(a, b));
}
