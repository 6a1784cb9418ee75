/**
 * What the master does of its own accord: on an event (`reactor`), or at a time (`schedule`). Data of an event is put
 * in as a value, `{ event: id }`, never into text: nothing that a minion sends is evaluated (T9).
 *
 * @module
 */
import * as v from "valibot";
import { parseCron } from "../core/cron.ts";
import { parseDurationMs } from "../core/duration.ts";

const TARGET_KINDS = ["glob", "list", "regex", "grain", "grain_regex", "cidr", "nodegroup", "compound"] as const;

/** A value of the event: the field's name, with dots for fields of fields. */
const fromEvent = v.strictObject({
  event: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/, "is no field")),
});

const plain = v.union([v.string(), v.number(), v.boolean(), v.null()]);
const value = v.union([plain, fromEvent], "is neither a plain value nor { event: FIELD }");

const jobFields = {
  /** The function. */
  run: v.string(),
  kind: v.optional(v.picklist(TARGET_KINDS), "glob"),
};

const runAction = v.strictObject({
  ...jobFields,
  /** Text, or one minion's id from the event. */
  target: v.union([v.string(), fromEvent]),
  arguments: v.optional(v.array(value), []),
});

const commandAction = v.strictObject({
  /** Program and arguments, no shell; the event is on its stdin as JSON. */
  command: v.pipe(v.array(value), v.minLength(1, "is empty")),
  timeout: v.optional(v.pipe(v.number(), v.minValue(1)), 30),
});

const emitAction = v.strictObject({
  emit: v.pipe(v.string(), v.regex(/^[!-~]{1,200}$/, "is no tag")),
  data: v.optional(v.record(v.string(), value), {}),
});

/** One thing to do. */
export const action = v.union(
  [runAction, commandAction, emitAction],
  "is none of { run, target }, { command }, { emit }",
);

/** `reactor`: what is done when an event's tag matches. */
export const reactor = v.array(
  v.strictObject({ tag: v.string(), actions: v.array(action) }, "is not { tag, actions }"),
  "is not a list",
);

const cron = v.pipe(v.string(), v.check((text) => isReadable(() => parseCron(text)), "is no cron expression"));
const every = v.pipe(
  v.string(),
  v.check((text) => isReadable(() => parseDurationMs(text, "every")), "is no duration such as 5m"),
);

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** `schedule`: jobs by name, each by `cron` or `every`. */
export const schedule = v.record(
  v.string(),
  v.pipe(
    v.strictObject({
      ...jobFields,
      target: v.string(),
      arguments: v.optional(v.array(plain), []),
      cron: v.optional(cron),
      every: v.optional(every),
    }),
    v.check(
      ({ cron: at, every: period }) => (at === undefined) !== (period === undefined),
      "needs either cron or every",
    ),
  ),
);

/** One thing to do. */
export type Action = v.InferOutput<typeof action>;

/** The table of `reactor`. */
export type Reactions = v.InferOutput<typeof reactor>;

/** The table of `schedule`. */
export type Schedule = v.InferOutput<typeof schedule>;

/** A value of the event, by its field's name. */
export type FromEvent = v.InferOutput<typeof fromEvent>;
