/**
 * The closed table of what can be run. A name from the network is only ever a key of this map: `constructor` and
 * `__proto__` are names of functions that do not exist (T5).
 *
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import { suggest } from "../../core/suggest.ts";
import type { FunctionDefinition } from "./function.ts";

/** There is no function of that name. */
export class UnknownFunctionError extends UsageError {}

/** Functions by name. */
export class FunctionTable {
  readonly #functions: ReadonlyMap<string, FunctionDefinition>;

  constructor(definitions: Iterable<FunctionDefinition>) {
    const functions = new Map<string, FunctionDefinition>();
    for (const definition of definitions) {
      if (functions.has(definition.name)) {
        throw new Error(`Cannot add function ${definition.name}: it is there already`);
      }
      functions.set(definition.name, definition);
    }
    this.#functions = functions;
  }

  /** The function called `name`, if there is one. */
  find(name: string): FunctionDefinition | undefined {
    return this.#functions.get(name);
  }

  /** The function called `name`; throws an {@link UnknownFunctionError} that names a likely other one. */
  get(name: string): FunctionDefinition {
    const definition = this.find(name);
    if (definition) return definition;
    const near = suggest(name, this.names());
    const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
    throw new UnknownFunctionError(`Cannot run ${JSON.stringify(name)}: no such function${hint}`);
  }

  /** All names, sorted. */
  names(): string[] {
    return [...this.#functions.keys()].sort();
  }

  /** Functions that are called `prefix` or belong to that module, sorted by name; all without a prefix. */
  under(prefix?: string): FunctionDefinition[] {
    const all = this.names().map((name) => this.get(name));
    if (prefix === undefined || prefix === "") return all;
    const module = prefix.endsWith(".") ? prefix : `${prefix}.`;
    return all.filter(({ name }) => name === prefix || name.startsWith(module));
  }
}
