/**
 * What a function is that a minion can run: its name, its parameters as data, and the code. The parameters are data
 * so that binding, documentation, completion and checks all read the same description.
 *
 * @module
 */
import type { Clock } from "../../core/clock.ts";
import type { Grains } from "../../target/grains.ts";

export type { Grains };

/** What a value of each parameter type is once bound. */
export interface ParameterTypes {
  readonly string: string;
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  /** Typed as `90`, `1.5`, `2m` or `1h`; bound as a number of seconds. */
  readonly seconds: number;
  /** Data; text stands for its UTF-8. */
  readonly bytes: Uint8Array;
  readonly map: Readonly<Record<string, unknown>>;
  readonly list: readonly unknown[];
  /** Whatever was given: a word stays the text that was typed. */
  readonly any: unknown;
}

/** The name of a parameter type. */
export type ParameterType = keyof ParameterTypes;

/** One parameter of a function. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly description: string;
  readonly required?: boolean;
  /** The value when none is given. */
  readonly default?: unknown;
  /** Takes all words that are left, or, if of type `map`, all `key=value` that no other parameter declares. */
  readonly rest?: boolean;
  /** Can only be given as `name=value`, never by its place. */
  readonly namedOnly?: boolean;
}

/** Values by parameter name, as `bindArguments` makes them. */
export type BoundArguments = Readonly<Record<string, unknown>>;

/** What a function answers. A `retcode` other than 0 is a failure. */
export interface FunctionResult {
  readonly return: unknown;
  readonly retcode: number;
}

/** The part of the table of functions that a function may look at. */
export interface FunctionLookup {
  /** All names, sorted. */
  names(): string[];
  /** Functions that are called `prefix` or belong to that module, sorted by name; all without a prefix. */
  under(prefix?: string): FunctionDefinition[];
  /** The function of that name; throws when there is none. */
  get(name: string): FunctionDefinition;
}

/** What a function may use of the minion that runs it. */
export interface CallContext {
  /** The minion's id. */
  readonly id: string;
  readonly grains: () => Promise<Grains>;
  /** Aborts when the job is killed. */
  readonly signal: AbortSignal;
  /** Private to the minion; what a function puts there it also removes. */
  readonly temporaryDirectory: string;
  /** Brine's version. */
  readonly version: string;
  /** What can be run here, for functions that tell about functions. */
  readonly functions: FunctionLookup;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** A function in the table. */
export interface FunctionDefinition {
  /** Module and name: `cmd.run`. */
  readonly name: string;
  /** One line, a full sentence. */
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  /** As typed on the command line after the target. */
  readonly example: string;
  /** Whether it can change the machine. */
  readonly changesThings: boolean;
  run(args: BoundArguments, context: CallContext): Promise<FunctionResult>;
}

type ValueOf<P extends Parameter> = P extends { readonly rest: true }
  ? P["type"] extends "map" ? ParameterTypes["map"] : readonly ParameterTypes[P["type"]][]
  : P extends { readonly required: true } | { readonly default: NonNullable<unknown> } ? ParameterTypes[P["type"]]
  : ParameterTypes[P["type"]] | undefined;

/** The arguments of a function with the parameters `P`, each of its own type. */
export type ArgumentsFor<P extends readonly Parameter[]> = {
  readonly [Q in P[number] as Q["name"]]: ValueOf<Q>;
};

/** A definition whose code sees its arguments typed by its parameters. */
export interface TypedDefinition<P extends readonly Parameter[]>
  extends Omit<FunctionDefinition, "parameters" | "run"> {
  readonly parameters: P;
  run(args: ArgumentsFor<P>, context: CallContext): Promise<FunctionResult> | FunctionResult;
}

/** Makes a definition for the table. */
export function defineFunction<const P extends readonly Parameter[]>(
  definition: TypedDefinition<P>,
): FunctionDefinition {
  return {
    ...definition,
    // bindArguments made `args` from these very parameters: this is the one place where that is taken on trust.
    run: async (args, context) => await definition.run(args as ArgumentsFor<P>, context),
  };
}

/** The result of a function that cannot fail once it has a value. */
export function succeed(value: unknown): FunctionResult {
  return { return: value, retcode: 0 };
}
