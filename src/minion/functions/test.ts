/**
 * Functions that change nothing: is the minion there, and do arguments arrive as they were typed?
 *
 * @module
 */
import { pause, systemClock } from "../../core/clock.ts";
import { defineFunction, type FunctionDefinition, succeed } from "./function.ts";

/** The functions of the module `test`. */
export const testFunctions: readonly FunctionDefinition[] = [
  defineFunction({
    name: "test.ping",
    summary: "Answers true: the minion is there and runs functions.",
    parameters: [],
    example: "test.ping",
    changesThings: false,
    run: () => succeed(true),
  }),
  defineFunction({
    name: "test.true",
    summary: "Answers true.",
    parameters: [],
    example: "test.true",
    changesThings: false,
    run: () => succeed(true),
  }),
  defineFunction({
    name: "test.false",
    summary: "Answers false; as an answer, not as a failure.",
    parameters: [],
    example: "test.false",
    changesThings: false,
    run: () => succeed(false),
  }),
  defineFunction({
    name: "test.echo",
    summary: "Answers with what it was given, unchanged.",
    parameters: [{ name: "text", type: "any", required: true, description: "what to send back" }],
    example: "test.echo 'hello, world'",
    changesThings: false,
    run: ({ text }) => succeed(text),
  }),
  defineFunction({
    name: "test.arg",
    summary: "Answers with its arguments as they were bound: words by place, the others by name.",
    parameters: [
      { name: "words", type: "any", rest: true, description: "anything" },
      { name: "named", type: "map", rest: true, description: "any KEY=VALUE" },
    ],
    example: "test.arg one 'two words' three=3",
    changesThings: false,
    run: ({ words, named }) => succeed({ words, named }),
  }),
  defineFunction({
    name: "test.version",
    summary: "Answers with the version of Brine that the minion runs.",
    parameters: [],
    example: "test.version",
    changesThings: false,
    run: (_args, { version }) => succeed(version),
  }),
  defineFunction({
    name: "test.sleep",
    summary: "Waits, then answers true. Ends early when the job is killed.",
    parameters: [{ name: "seconds", type: "seconds", required: true, description: "how long, such as 0.5 or 2m" }],
    example: "test.sleep 0.01",
    changesThings: false,
    async run({ seconds }, { clock = systemClock, signal }) {
      await pause(clock, seconds * 1000, signal);
      if (signal.aborted) throw new Error("Cannot go on sleeping: the job was killed");
      return succeed(true);
    },
  }),
  defineFunction({
    name: "test.fail",
    summary: "Fails, to see what a failure looks like.",
    parameters: [
      { name: "retcode", type: "integer", default: 1, description: "the return code" },
      { name: "message", type: "string", default: "failed on request", description: "the answer" },
    ],
    example: "test.fail 3 'no such luck'",
    changesThings: false,
    run: ({ retcode, message }) => ({ return: message, retcode }),
  }),
];
