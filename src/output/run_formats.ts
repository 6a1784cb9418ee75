/**
 * The formats of a run's report, apart from the code that makes them, which is loaded when it is needed.
 *
 * @module
 */

/** What `--out` may ask for; `folded` is the default. */
export const RUN_FORMATS = ["folded", "nested", "json", "yaml", "txt", "table"] as const;

/** One of {@link RUN_FORMATS}. */
export type RunFormat = typeof RUN_FORMATS[number];
