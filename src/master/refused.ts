/**
 * The answer "no" to an operator's request.
 *
 * @module
 */
import type { Refusal } from "../wire/operator_messages.ts";

/** The request was understood and is refused; `why` chooses the client's exit code. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly why: Refusal;

  constructor(why: Refusal, reason: string) {
    super(reason);
    this.why = why;
  }
}
