/**
 * The commands that talk to a master: logging in, and leaving in order.
 *
 * @module
 */
import type { Brine } from "../client/brine.ts";
import { connect } from "../client/connect.ts";
import { type GlobalOptions, rootOf } from "./surroundings.ts";

/** Logs in, does `work`, and logs out; the result is the command's exit code. `again` makes another session. */
export async function withMaster(
  options: GlobalOptions,
  work: (brine: Brine, again: () => Promise<Brine>) => Promise<number>,
): Promise<number> {
  const root = rootOf(options);
  await using sessions = new AsyncDisposableStack();
  const login = async () => sessions.use(await connect(root === undefined ? {} : { root }));
  return await work(await login(), login);
}
