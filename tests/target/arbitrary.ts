/**
 * Made-up ids and targets for property tests.
 *
 * @module
 */
import fc from "fast-check";

/** Any legal minion id, with many digits so that ranges appear. */
export const anyId: fc.Arbitrary<string> = fc.stringMatching(/^[a-c0-9][ab0-9._-]{0,8}$/);

/** Ids that fold: a few names, small numbers, with and without padding. */
export const numberedId: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("web", "db", "r1-n", ""),
    fc.nat(130),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom("", ".dc1", ".dc2", "-x"),
  )
  .map(([name, number, width, tail]) => `${name}${String(number).padStart(width, "0")}${tail}`);

/** Text that likes to look like a target. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        ..."[]{}()*?!-,:;@/\\|+^$.\"' 019aG\n\0\u{1f600}",
        "and ",
        " or ",
        "not ",
        "G@",
        "P@",
        "E@",
        "L@",
        "S@",
        "N@",
        "G|@",
        "I@",
        "[01-40]",
        "10.0.0.0/8",
        "::1",
        "__proto__",
        "web",
        "os:",
      ),
      { maxLength: 16 },
    )
    .map((parts) => parts.join("")),
);
