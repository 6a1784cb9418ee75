/**
 * A run as text for people: folded (equal answers once) or nested (a block for each minion).
 *
 * @module
 */
import { compareNatural } from "../target/natural_order.ts";
import { NodeSet } from "../target/node_set.ts";
import { formatDuration } from "./duration.ts";
import { type Fold, fold } from "./fold.ts";
import { isFailure, type MinionReturn, type RunSummary } from "../core/run_summary.ts";
import { paint, type Style } from "./style.ts";
import { escapeToLine } from "./terminal.ts";
import { formatValue, indent, isFlat } from "./value.ts";

/** A value of so many characters stands beside its header whatever the width. */
const SHORT_CHARS = 40;

/** Equal answers under a range, then who did not answer and why, then one line that counts. */
export function formatFolded(summary: RunSummary, style: Style): string {
  const answers = fold(summary.returns).flatMap((group) => formatGroup(group, style));
  return [...answers, ...formatMissing(summary, style), formatCounts(summary)].join("\n");
}

function formatGroup(group: Fold, style: Style): readonly string[] {
  const ids = formatIds(group.ids);
  const code = isFailure(group) ? ` ${formatCode(group)}` : "";
  const header = `${paint(ids, isFailure(group) ? "failure" : "success", style)}${code}:`;
  const value = formatValue(group.value, style);
  const [only] = value;
  if (only === undefined) return [header];
  // A header may be long in itself; then a short value still belongs beside it.
  const room = Math.max(style.width - ids.length - code.length - 2, SHORT_CHARS);
  const isBeside = value.length === 1 && isFlat(group.value) && only.length <= room;
  return isBeside ? [`${header} ${only}`] : [header, ...indent(value)];
}

/** One block for each minion in natural order, as Salt prints it. */
export function formatNested(summary: RunSummary, style: Style): string {
  const answers = [...summary.returns].sort(([a], [b]) => compareNatural(a, b));
  const blocks = answers.flatMap(([id, answer]) => {
    const isFailed = isFailure(answer);
    const name = paint(escapeToLine(id), isFailed ? "failure" : "success", style);
    const code = isFailed ? ` ${formatCode(answer)}` : "";
    return [`${name}${code}:`, ...indent(formatValue(answer.return, style), "    ")];
  });
  const silent = [...summary.missing].sort(([a], [b]) => compareNatural(a, b)).flatMap(([id, reason]) => {
    return [`${paint(escapeToLine(id), "missing", style)}:`, `    did not answer: ${escapeToLine(reason)}`];
  });
  return [...blocks, ...silent].join("\n");
}

/** Who did not answer, one line for each reason. */
export function formatMissing({ missing }: Pick<RunSummary, "missing">, style: Style): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const [id, reason] of missing) {
    const ids = reasons.get(reason);
    if (ids) ids.push(id);
    else reasons.set(reason, [id]);
  }
  return Array.from(reasons, ([reason, ids]) => ({ reason, ids: NodeSet.of(ids) }))
    .sort((a, b) => b.ids.size - a.ids.size || compareNatural(a.ids.first ?? "", b.ids.first ?? ""))
    .map(({ reason, ids }) => {
      const why = reason === "" ? "" : `: ${escapeToLine(reason)}`;
      return `${paint(formatIds(ids), "missing", style)}: did not answer${why}`;
    });
}

/** `3 of 4 answered in 12 ms, 1 failed, 1 did not answer`. */
export function formatCounts(summary: RunSummary): string {
  const { expected, returns, missing, elapsedMs } = summary;
  if (expected.length === 0) return "no minion matched";
  const parts = [`${returns.size} of ${expected.length} answered in ${formatDuration(elapsedMs)}`];
  const failed = [...returns.values()].filter(isFailure).length;
  if (failed > 0) parts.push(`${failed} failed`);
  if (missing.size > 0) parts.push(`${missing.size} did not answer`);
  return parts.join(", ");
}

/** The range, and how many when there are several. */
function formatIds(ids: NodeSet): string {
  const text = escapeToLine(ids.toString());
  return ids.size > 1 ? `${text} (${ids.size})` : text;
}

function formatCode({ retcode }: Pick<MinionReturn, "retcode">): string {
  return retcode === 0 ? "(failed)" : `(exit ${retcode})`;
}
