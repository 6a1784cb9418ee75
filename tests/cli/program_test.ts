import assert from "node:assert/strict";
import type { Command } from "commander";
import { buildProgram } from "../../src/cli/program.ts";
import { formatUsageError } from "../../src/cli/usage_error.ts";
import { test } from "../kit/test.ts";

function commandsBelow(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...commandsBelow(child)]);
}

test("every command and every option says what it is for", () => {
  for (const command of commandsBelow(buildProgram(() => {}))) {
    assert.match(command.description(), /^[A-Z].*\.$/, command.name());
    for (const { flags, description } of command.options) assert.notEqual(description, "", flags);
  }
});

test("formatUsageError() makes one line that ends with the help to ask for", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      "error: unknown command 'rnu'\n(Did you mean run?)",
      "",
      'unknown command "rnu" (did you mean "run"?); see brine --help',
    ],
    [
      "error: unknown option '--al'\n(Did you mean one of --all, --alt?)",
      "key",
      'unknown option "--al" (did you mean one of --all, --alt?); see brine key --help',
    ],
    [
      "error: option '--out <format>' argument 'x' is invalid. Allowed choices are a, b.",
      "run",
      'option "--out <format>" argument "x" is invalid: allowed choices are a, b; see brine run --help',
    ],
    [
      "error: unknown option '-l'",
      "run",
      "unknown option \"-l\"; what the function gets belongs in quotes (cmd.run 'ls -l') or after --; see brine run --help",
    ],
  ];
  for (const [message, command, want] of cases) assert.equal(formatUsageError(message, command), want);
});
