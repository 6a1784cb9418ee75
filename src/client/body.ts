/**
 * What a minion returned, from the bytes that the master keeps. The master never opens them: what they hold is for the
 * minion to answer for, and nonsense is that minion's failure and nobody else's.
 *
 * @module
 */
import type { MinionReturn } from "../core/run_summary.ts";
import { reasonOf } from "../core/errors.ts";
import type { Jid } from "../core/jid.ts";
import { decode } from "../wire/codec.ts";
import { BODY_LIMITS } from "../wire/limits.ts";
import type { ReturnedWire } from "../wire/operator_messages.ts";
import type { Connection } from "./connection.ts";

/** One minion's answer. */
export interface Answer extends MinionReturn {
  /** Whose answer it is. */
  readonly minion: string;
}

/** The answer that `wire` and its body make. */
export function answerOf({ minion, retcode, success, startedAt, durationMs }: ReturnedWire, body: Uint8Array): Answer {
  try {
    return { minion, retcode, success, startedAt, durationMs, return: decode(body, BODY_LIMITS) };
  } catch (thrown) {
    return unreadable({ minion, retcode, startedAt, durationMs }, reasonOf(thrown));
  }
}

/** The answer of a minion whose return is there and cannot be had. */
export function unreadable(
  { minion, retcode, startedAt, durationMs }: Pick<ReturnedWire, "minion" | "retcode" | "startedAt" | "durationMs">,
  reason: string,
): Answer {
  const text = `Cannot read the return of ${minion}: ${reason}`;
  return { minion, retcode: retcode || 1, success: false, startedAt, durationMs, return: text };
}

/** Asks for a body that was too large to come with the event, piece by piece. */
export async function fetchBody(
  connection: Pick<Connection, "ask">,
  jid: Jid,
  { minion, sizeBytes }: Pick<ReturnedWire, "minion" | "sizeBytes">,
): Promise<Uint8Array> {
  const body = new Uint8Array(sizeBytes);
  for (let offset = 0; offset < sizeBytes;) {
    const { data } = await connection.ask("body", { jid, minion, offset });
    if (data.length === 0 || offset + data.length > sizeBytes) {
      throw new Error(`it ends at ${offset + data.length} of ${sizeBytes} bytes`);
    }
    body.set(data, offset);
    offset += data.length;
  }
  return body;
}
