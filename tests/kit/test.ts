/**
 * One `test()` for both runtimes: `Deno.test` on Deno, where leaks fail, and `bun:test` on Bun.
 *
 * @module
 */

type Body = () => void | Promise<void>;

interface TestOptions {
  /** Why this test cannot run here; printed with the skip. */
  readonly skip?: string | false;
  /** The test is abandoned and fails after this long (Bun; Deno has no limit). Default 30 s. */
  readonly timeoutMs?: number;
}

const isBun = "Bun" in globalThis;
const register = isBun ? await registerWithBun() : registerWithDeno;

async function registerWithBun() {
  const { test } = await import("bun:test" as string);
  return (name: string, options: TestOptions, body: Body) => {
    if (options.skip) test.skip(`${name} [skipped: ${options.skip}]`, body);
    else test(name, async () => await body(), options.timeoutMs ?? 30_000);
  };
}

function registerWithDeno(name: string, options: TestOptions, body: Body): void {
  const title = options.skip ? `${name} [skipped: ${options.skip}]` : name;
  Deno.test({ name: title, ignore: Boolean(options.skip), fn: async () => await body() });
}

/** Registers a test. The name is a sentence about a symbol: "parseTarget() rejects an unclosed bracket". */
export function test(name: string, body: Body): void;
export function test(name: string, options: TestOptions, body: Body): void;
export function test(name: string, second: Body | TestOptions, third?: Body): void {
  if (typeof second === "function") register(name, {}, second);
  else if (third) register(name, second, third);
}

/** The runtime that runs this test. */
export const runtimeName: "bun" | "deno" = isBun ? "bun" : "deno";
