/** From now on this client hears the events whose tag matches. @module */
import { failReading } from "../../../target/target_error.ts";
import { UsageError } from "../../../core/errors.ts";
import { compileGlob } from "../../../target/glob.ts";
import { Refused } from "../../refused.ts";
import type { OperatorHandler } from "./handler.ts";

export const subscribe: OperatorHandler<"subscribe"> = ({ glob }, from, desk) => {
  try {
    compileGlob(glob, failReading(glob, "tag"));
  } catch (thrown) {
    if (thrown instanceof UsageError) throw new Refused("usage", thrown.message);
    throw thrown;
  }
  desk.queue.send({ kind: "subscribe", peer: from.peer, globs: [glob] });
  return {};
};
