/**
 * What the master does of its own accord: on an event (`reactor`), or at a time (`schedule`). Data of an event is put
 * in as a value, `{ event: id }`, never into text: nothing that a minion sends is evaluated (T9).
 *
 * @module
 */
import * as v from "valibot";
import { parseCron } from "../core/cron.ts";
import { parseDurationMs } from "../core/duration.ts";
import { map, seconds, text } from "./key.ts";

const TARGET_KINDS = ["glob", "list", "regex", "grain", "grain_regex", "cidr", "nodegroup", "compound"] as const;

/** A schedule is no busy loop. */
const MIN_PERIOD_MS = 1_000;

/** What is wrong with a map of fixed keys. */
function wrongKey({ expected, received }: { expected: string | null; received: string }): string {
  if (expected === "never") return "is unknown here";
  return received === "undefined" ? "is missing" : "is no map of the keys that belong here";
}

const fields = <const E extends v.ObjectEntries>(entries: E) => v.strictObject(entries, wrongKey);
const word = v.pipe(text, v.nonEmpty("is empty"));

/** A value of the event: the field's name, with dots for fields of fields. */
const fromEvent = fields({
  event: v.pipe(text, v.regex(/^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/, "is no field's name")),
});

const scalar = v.union([v.string(), v.number(), v.boolean()], "is neither text nor a number");
const plain = v.union([v.string(), v.number(), v.boolean(), v.null()], "is no plain value");
const value = v.union([...plain.options, fromEvent], "is neither a plain value nor { event: FIELD }");

const jobFields = {
  /** The function. */
  run: v.pipe(word, v.maxLength(128, "is longer than 128 characters")),
  kind: v.optional(v.picklist(TARGET_KINDS, `is none of ${TARGET_KINDS.join(", ")}`), "glob"),
};

const runAction = fields({
  ...jobFields,
  /** Text, or one minion's id from the event. */
  target: v.union([word, fromEvent], "is neither text nor { event: FIELD }"),
  arguments: v.optional(v.array(value, "is not a list"), []),
  /** Arguments by name. */
  named: v.optional(map(value, "is not a map"), {}),
});

const commandAction = fields({
  /** Program and arguments, no shell; the event is on its stdin as JSON. */
  command: v.pipe(
    v.array(
      v.union([...scalar.options, fromEvent], "is neither text, nor a number, nor { event: FIELD }"),
      "is not a list",
    ),
    v.minLength(1, "is empty"),
    v.check(([program]) => typeof program === "string" && program !== "", "names no program: no event may choose it"),
  ),
  timeout: v.optional(v.pipe(seconds, v.maxValue(86_400, "is more than a day")), 30),
});

const emitAction = fields({
  emit: v.pipe(
    text,
    v.regex(/^[!-~]{1,200}$/, "is no tag"),
    v.check((tag) => !/^brine\/(minion|reactor)\//.test(tag), "belongs to minions, or to the reactor itself"),
  ),
  data: v.optional(map(value, "is not a map"), {}),
});

/** One thing to do. */
export const action = v.lazy((input) => {
  const given = typeof input === "object" && input !== null ? input : {};
  if (Object.hasOwn(given, "run")) return runAction;
  if (Object.hasOwn(given, "command")) return commandAction;
  if (Object.hasOwn(given, "emit")) return emitAction;
  return v.never("is none of { run, target }, { command }, { emit }");
}) as v.GenericSchema<unknown, v.InferOutput<typeof runAction | typeof commandAction | typeof emitAction>>;

/** `reactor`: what is done when an event's tag matches. */
export const reactor = v.array(
  fields({ tag: word, actions: v.array(action, "is not a list") }),
  "is not a list",
);

const cron = v.pipe(text, v.check((given) => isReadable(() => parseCron(given)), "is no cron expression"));
const every = v.pipe(
  v.union([v.string(), v.number()], "is no duration such as 5m"),
  v.transform(String),
  v.check((given) => isReadable(() => parseDurationMs(given, "every")), "is no duration such as 5m"),
  v.check(
    (given) => !isReadable(() => parseDurationMs(given, "every")) || parseDurationMs(given, "every") >= MIN_PERIOD_MS,
    "is less than a second",
  ),
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
export const schedule = map(
  v.pipe(
    fields({
      ...jobFields,
      target: word,
      arguments: v.optional(v.array(plain, "is not a list"), []),
      named: v.optional(map(plain, "is not a map"), {}),
      cron: v.optional(cron),
      every: v.optional(every),
    }),
    v.check(
      ({ cron: at, every: period }) => (at === undefined) !== (period === undefined),
      "needs either cron or every",
    ),
  ),
  "is not a map of names to jobs",
);

/** One thing to do. */
export type Action = v.InferOutput<typeof action>;

/** The table of `reactor`. */
export type Reactions = v.InferOutput<typeof reactor>;

/** The table of `schedule`. */
export type Schedule = v.InferOutput<typeof schedule>;

/** A value of the event, by its field's name. */
export type FromEvent = v.InferOutput<typeof fromEvent>;
