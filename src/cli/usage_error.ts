/**
 * What commander says about wrong usage, as one line of ours that ends with the help to ask for.
 *
 * @module
 */

/** `unknown command "rnu" (did you mean "run"?); see brine --help`. `command` is the one that was being read. */
export function formatUsageError(message: string, command: string): string {
  const text = message.trim()
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean one of (.*)\?\)$/, " (did you mean one of $1?)")
    .replace(/\n\(Did you mean (.*)\?\)$/, ' (did you mean "$1"?)')
    .replaceAll("'", '"')
    .replace(/\. (\w)/g, (_, letter: string) => `: ${letter.toLowerCase()}`)
    .replace(/\.$/, "");
  const takesWords = command === "run" || command === "call";
  const hint = takesWords && text.startsWith("unknown option")
    ? "; what the function gets belongs in quotes (cmd.run 'ls -l') or after --"
    : "";
  return `${text}${hint}; see brine ${command === "" ? "" : `${command} `}--help`;
}
