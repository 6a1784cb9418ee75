/**
 * How soon the engine compiles. The executable starts with a policy that hardly compiles at all: a client is gone and
 * a minion asleep before machine code would pay back, and it takes memory. What works all day says so here.
 *
 * @module
 */

/** From now on the engine compiles what is run often, as it normally does. Only Bun can be told. */
export function compileEagerly(): void {
  const { Bun } = globalThis as { Bun?: { unsafe?: { setJITPolicy?: (scale: number) => void } } };
  Bun?.unsafe?.setJITPolicy?.(1);
}
