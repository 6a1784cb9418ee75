/**
 * The note that a running master leaves for clients on its host: where it listens.
 *
 * @module
 */
import * as v from "valibot";

const schema = v.object({ pid: v.number(), host: v.string(), retPort: v.number() });

/** Where the master of this host listens. */
export type RunningMaster = v.InferOutput<typeof schema>;

/** Reads the note; undefined when it is not one. */
export function parseRunningMaster(text: string): RunningMaster | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined; // cut off by a crash: as good as none
  }
}
