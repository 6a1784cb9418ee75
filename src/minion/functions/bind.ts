/**
 * Which argument goes to which parameter.
 *
 * A word `key=value` is a named argument only if the function declares `key`; so `cmd.run 'FOO=bar make'` is a
 * command. Where a word must begin with a declared name, name its parameter too: `command='cwd=/tmp make'`.
 *
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import { suggest } from "../../core/suggest.ts";
import type { BoundArguments, FunctionDefinition, Parameter } from "./function.ts";
import { convert, Mismatch, show } from "./values.ts";

const NAMED_WORD = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s;

/** Binds words and named arguments to the parameters; throws one {@link UsageError} that says what is wrong. */
export function bindArguments(
  definition: FunctionDefinition,
  words: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
): BoundArguments {
  return new Binding(definition).bind(words, named);
}

class Binding {
  readonly #definition: FunctionDefinition;
  readonly #parameters: ReadonlyMap<string, Parameter>;
  readonly #namedRest: Parameter | undefined;
  readonly #given = new Map<string, unknown[]>();
  readonly #others: [string, unknown][] = [];

  constructor(definition: FunctionDefinition) {
    this.#definition = definition;
    this.#namedRest = definition.parameters.find(isNamedRest);
    this.#parameters = new Map(definition.parameters.filter((p) => p !== this.#namedRest).map((p) => [p.name, p]));
  }

  bind(words: readonly unknown[], named: Readonly<Record<string, unknown>>): BoundArguments {
    const places = words.filter((word) => !this.#takeNamedWord(word));
    for (const [name, value] of Object.entries(named)) {
      if (value !== undefined) this.#takeNamed(name, value);
    }
    this.#takePlaces(places);
    // No prototype: a function reads its own parameters here and nothing else (T5).
    const bound: Record<string, unknown> = Object.create(null);
    for (const parameter of this.#parameters.values()) bound[parameter.name] = this.#valueOf(parameter);
    if (this.#namedRest) bound[this.#namedRest.name] = Object.fromEntries(this.#others);
    return bound;
  }

  #takeNamedWord(word: unknown): boolean {
    const [, name, value] = (typeof word === "string" ? NAMED_WORD.exec(word) : null) ?? [];
    if (name === undefined || !(this.#parameters.has(name) || this.#namedRest)) return false;
    this.#takeNamed(name, value);
    return true;
  }

  #takeNamed(name: string, value: unknown): void {
    const parameter = this.#parameters.get(name);
    if (!parameter) {
      if (!this.#namedRest) this.#refuseUnknown(name);
      if (this.#others.some(([other]) => other === name)) this.#refuse(`parameter "${name}" is given twice`);
      this.#others.push([name, value]);
      return;
    }
    const values = parameter.rest && Array.isArray(value) ? value : [value];
    this.#give(parameter, values);
  }

  #takePlaces(words: readonly unknown[]): void {
    const takers = [...this.#parameters.values()].filter((p) => !p.namedOnly);
    let next = 0;
    for (const parameter of takers) {
      if (next >= words.length) return;
      const values = parameter.rest ? words.slice(next) : [words[next]];
      next += values.length;
      this.#give(parameter, values);
    }
    const surplus = words[next];
    if (next >= words.length) return;
    const [, name] = (typeof surplus === "string" ? NAMED_WORD.exec(surplus) : null) ?? [];
    if (name !== undefined) this.#refuseUnknown(name);
    const takes = takers.length === 0 ? "no arguments" : `${takers.length} argument${takers.length === 1 ? "" : "s"}`;
    const hint = takers.length === 0 ? "" : "; put quotes around what belongs together";
    this.#refuse(`it takes ${takes}, got ${words.length} (${show(surplus)} is one too many${hint})`);
  }

  #give(parameter: Parameter, values: readonly unknown[]): void {
    const before = this.#given.get(parameter.name);
    if (before && !isRepeatable(parameter)) this.#refuse(`parameter "${parameter.name}" is given twice`);
    this.#given.set(parameter.name, [...before ?? [], ...values]);
  }

  #valueOf(parameter: Parameter): unknown {
    const given = this.#given.get(parameter.name);
    if (!given) {
      if (parameter.required) this.#refuse(`parameter "${parameter.name}" is missing`);
      return parameter.rest ? [] : parameter.default;
    }
    try {
      if (parameter.rest) return given.map((value) => convert(parameter.type, value));
      if (parameter.type === "map") return Object.fromEntries(given.flatMap((v) => Object.entries(convert("map", v))));
      if (parameter.type === "list") return given.flatMap((value) => convert("list", value));
      return convert(parameter.type, given[0]);
    } catch (cause) {
      if (!(cause instanceof Mismatch)) throw cause;
      return this.#refuse(`parameter "${parameter.name}" ${cause.message}`);
    }
  }

  #refuseUnknown(name: string): never {
    const near = suggest(name, [...this.#parameters.keys()]);
    this.#refuse(`it has no parameter "${name}"${near === undefined ? "" : ` (did you mean "${near}"?)`}`);
  }

  #refuse(state: string): never {
    throw new UsageError(`Cannot call ${this.#definition.name}: ${state}`);
  }
}

function isNamedRest(parameter: Parameter): boolean {
  return parameter.rest === true && parameter.type === "map";
}

function isRepeatable(parameter: Parameter): boolean {
  return parameter.rest !== true && (parameter.type === "map" || parameter.type === "list");
}
