/**
 * A run as one document, the same for JSON and YAML. Its keys are a contract: scripts read them.
 *
 * @module
 */
import { compareNatural } from "../target/natural_order.ts";
import { type JsonValue, toJson } from "./json.ts";
import type { RunSummary } from "../core/run_summary.ts";

/** The document of section 5 of the design; ids in natural order. */
export function toRunDocument(summary: RunSummary): JsonValue {
  const returns = [...summary.returns].sort(([a], [b]) => compareNatural(a, b));
  return {
    jid: summary.jid,
    target: summary.target,
    function: summary.function,
    arguments: toJson(summary.arguments),
    expected: [...summary.expected].sort(compareNatural),
    returns: Object.fromEntries(returns.map(([id, answer]) => [id, {
      return: toJson(answer.return),
      retcode: answer.retcode,
      success: answer.success,
      startedAt: answer.startedAt,
      durationMs: answer.durationMs,
    }])),
    missing: [...summary.missing.keys()].sort(compareNatural),
    ledger: { ...summary.ledger },
  };
}
