/**
 * A function's description as text for people, made from the same data that binds its arguments.
 *
 * @module
 */
import type { FunctionDefinition, Parameter } from "./function.ts";

/** What `sys.doc` shows of a function. */
export function formatDocumentation(definition: FunctionDefinition): string {
  const lines = [formatUsage(definition), "", definition.summary];
  if (definition.description) lines.push("", definition.description);
  if (definition.parameters.length > 0) lines.push("", ...definition.parameters.map(formatParameter));
  lines.push("", `Example: brine run '*' ${definition.example}`);
  return lines.join("\n");
}

/** The name and the parameters in one line: `test.sleep SECONDS`. */
export function formatUsage({ name, parameters }: FunctionDefinition): string {
  return [name, ...parameters.map(placeOf)].join(" ");
}

function placeOf(parameter: Parameter): string {
  const word = parameter.name.toUpperCase();
  if (parameter.rest) return parameter.type === "map" ? "[KEY=VALUE]…" : `[${word}]…`;
  if (parameter.namedOnly) return `[${parameter.name}=…]`;
  return parameter.required ? word : `[${word}]`;
}

function formatParameter({ name, type, required, default: value, description }: Parameter): string {
  const facts: string[] = [type];
  if (required) facts.push("required");
  if (value !== undefined) facts.push(`default ${JSON.stringify(value)}`);
  return `  ${name} (${facts.join(", ")}): ${description}`;
}
