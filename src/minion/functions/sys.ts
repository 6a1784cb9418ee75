/**
 * What a minion can run, and how.
 *
 * @module
 */
import { formatDocumentation } from "./documentation.ts";
import { defineFunction, type FunctionDefinition, type FunctionLookup, type Parameter, succeed } from "./function.ts";

const PREFIX = {
  name: "prefix",
  type: "string",
  description: "a module or a function, such as cmd or cmd.run",
} as const;

/** The functions of the module `sys`. */
export const sysFunctions: readonly FunctionDefinition[] = [
  defineFunction({
    name: "sys.doc",
    summary: "Answers with the documentation of functions.",
    parameters: [PREFIX],
    example: "sys.doc cmd.run",
    changesThings: false,
    run: ({ prefix }, { functions }) => succeed(describe(functions, prefix, formatDocumentation)),
  }),
  defineFunction({
    name: "sys.list_functions",
    summary: "Answers with the names of functions.",
    parameters: [PREFIX],
    example: "sys.list_functions test",
    changesThings: false,
    run: ({ prefix }, { functions }) => succeed(functions.under(prefix).map(({ name }) => name)),
  }),
  defineFunction({
    name: "sys.list_modules",
    summary: "Answers with the names of the modules that functions belong to.",
    parameters: [],
    example: "sys.list_modules",
    changesThings: false,
    run: (_args, { functions }) =>
      succeed([...new Set(functions.names().map((name) => name.slice(0, name.indexOf("."))))]),
  }),
  defineFunction({
    name: "sys.argspec",
    summary: "Answers with the parameters of functions, as data.",
    parameters: [PREFIX],
    example: "sys.argspec test.sleep",
    changesThings: false,
    run: ({ prefix }, { functions }) =>
      succeed(describe(functions, prefix, ({ parameters }) => parameters.map(specificationOf))),
  }),
];

/** One entry per function; a prefix that fits nothing is an error, with the nearest name. */
function describe<T>(
  functions: FunctionLookup,
  prefix: string | undefined,
  entryOf: (definition: FunctionDefinition) => T,
): Record<string, T> {
  const found = functions.under(prefix);
  if (found.length === 0 && prefix !== undefined) functions.get(prefix);
  return Object.fromEntries(found.map((definition) => [definition.name, entryOf(definition)]));
}

function specificationOf(parameter: Parameter): Record<string, unknown> {
  return { required: false, rest: false, namedOnly: false, default: null, ...parameter };
}
