/**
 * What a target looks like on the wire and in a configuration file: a kind and a text, never the list of minions
 * that it stands for.
 *
 * @module
 */

/** How a target's text is to be read. */
export type TargetKind =
  | "glob"
  | "list"
  | "regex"
  | "grain"
  | "grain_regex"
  | "cidr"
  | "nodegroup"
  | "compound";

/** Which minions: what an operator typed, and how it is meant. */
export interface Target {
  /** How `expression` is read. */
  readonly kind: TargetKind;
  /** As an operator types it. */
  readonly expression: string;
  /** Between the keys and the value of a grain target; one character. @default ":" */
  readonly delimiter?: string;
}

/** Names for compounds, from the master's configuration: a compound, or a list of its words or of ids. */
export type Nodegroups = Readonly<Record<string, string | readonly string[]>>;

/** Between the keys and the value of a grain target, unless the target says otherwise. */
export const DEFAULT_DELIMITER = ":";

/** The kinds that a compound names by a letter. A bare word is a glob. */
export const KIND_OF_LETTER: ReadonlyMap<string, TargetKind> = new Map<string, TargetKind>([
  ["G", "grain"],
  ["P", "grain_regex"],
  ["E", "regex"],
  ["L", "list"],
  ["S", "cidr"],
  ["N", "nodegroup"],
]);

/** Every kind, for whoever checks one that came from outside. */
export const TARGET_KINDS: ReadonlySet<string> = new Set<TargetKind>([
  "glob",
  "list",
  "regex",
  "grain",
  "grain_regex",
  "cidr",
  "nodegroup",
  "compound",
]);
