/**
 * One key of a configuration file: its name, what it takes, its default, and why. The same table reads the file,
 * judges it and explains it.
 *
 * @module
 */
import * as v from "valibot";

/** A configuration key. `T` is the type of its value in the file. */
export interface ConfigKey<T = unknown> {
  readonly schema: v.GenericSchema<unknown, T>;
  readonly defaultValue: T;
  /** What it does, and the reason of the default. */
  readonly about: string;
}

/** A table of keys. */
export type ConfigTable = Readonly<Record<string, ConfigKey>>;

/** The values of a table, every key present. */
export type ConfigValues<Table extends ConfigTable> = { readonly [K in keyof Table]: Table[K]["defaultValue"] };

/** Defines a key; the default must be of the schema's type. */
export function key<const S extends v.GenericSchema>(
  schema: S,
  defaultValue: v.InferOutput<S>,
  about: string,
): ConfigKey<v.InferOutput<S>> {
  return { schema: schema as v.GenericSchema<unknown, v.InferOutput<S>>, defaultValue, about };
}

/** A TCP port; 0 lets the system choose. */
export const port = v.pipe(
  v.number("is not a number"),
  v.integer("is not a whole number"),
  v.minValue(0, "is negative"),
  v.maxValue(65_535, "is above 65535"),
);

/** A number of seconds above zero. */
export const seconds = v.pipe(v.number("is not a number of seconds"), v.minValue(0.001, "is not above zero"));

/** Text. */
export const text = v.string("is not text");

/** A map of names to values; valibot's record would take a list for one. */
export function map<const S extends v.GenericSchema>(value: S, message: string) {
  return v.pipe(v.unknown(), v.check((given) => !Array.isArray(given), message), v.record(v.string(), value, message));
}
