/**
 * Grains, the facts that a minion states about itself, and the way to one of them. They come from the minion, so
 * only own properties are ever read.
 *
 * @module
 */

/** Facts by name; values are whatever msgpack carries. */
export type Grains = Readonly<Record<string, unknown>>;

/** Whether the value is a map of further grains. */
export function isGrainMap(value: unknown): value is Grains {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/**
 * What lies one key below `value`: in a map by name, in a list by number, or in the first of a list's maps that has
 * the name, as in Salt. Absent: `undefined`.
 */
export function getChild(value: unknown, key: string): unknown {
  if (Array.isArray(value)) {
    if (/^\d{1,9}$/.test(key)) return value[Number(key)];
    const holder = value.find((item) => isGrainMap(item) && Object.hasOwn(item, key));
    return isGrainMap(holder) ? holder[key] : undefined;
  }
  return isGrainMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The grain at `path`, for example `os` or `disks:sda:size`; `undefined` when there is none. */
export function getGrain(grains: Grains, path: string, delimiter = ":"): unknown {
  let value: unknown = grains;
  for (const key of path.split(delimiter)) value = getChild(value, key);
  return value;
}

/** A single value as it is compared: `true`, `4`, `Debian`; `None` for null, as Salt's users write it. */
export function formatGrain(value: unknown): string | undefined {
  if (value === null) return "None";
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return undefined;
  }
}
