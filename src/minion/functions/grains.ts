/**
 * Looking at the facts that a minion knows about its machine.
 *
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import { getGrain } from "../../target/grains.ts";
import { defineFunction, type FunctionDefinition, succeed } from "./function.ts";

/** The functions of the module `grains`. */
export const grainsFunctions: readonly FunctionDefinition[] = [
  defineFunction({
    name: "grains.items",
    summary: "Answers with all grains.",
    parameters: [],
    example: "grains.items",
    changesThings: false,
    run: async (_args, { grains }) => succeed(await grains()),
  }),
  defineFunction({
    name: "grains.ls",
    summary: "Answers with the names of all grains, sorted.",
    parameters: [],
    example: "grains.ls",
    changesThings: false,
    run: async (_args, { grains }) => succeed(Object.keys(await grains()).sort()),
  }),
  defineFunction({
    name: "grains.item",
    summary: "Answers with the named grains; a grain that is not there is empty text.",
    parameters: [{
      name: "keys",
      type: "string",
      rest: true,
      description: "names, or paths such as locale_info:timezone",
    }],
    example: "grains.item os osrelease",
    changesThings: false,
    async run({ keys }, { grains }) {
      const all = await grains();
      return succeed(Object.fromEntries(keys.map((key) => [key, getGrain(all, key) ?? ""])));
    },
  }),
  defineFunction({
    name: "grains.get",
    summary: "Answers with one grain, or with a value inside it.",
    parameters: [
      { name: "key", type: "string", required: true, description: "a name, or a path such as ip_interfaces:lo:0" },
      { name: "delimiter", type: "string", default: ":", description: "what separates the parts of a path" },
      { name: "default", type: "any", default: "", description: "the answer when there is no such grain" },
    ],
    example: "grains.get locale_info:timezone",
    changesThings: false,
    async run({ key, delimiter, default: otherwise }, { grains }) {
      if (delimiter === "") throw new UsageError("Cannot call grains.get: the delimiter is empty");
      return succeed(getGrain(await grains(), key, delimiter) ?? otherwise);
    },
  }),
];
