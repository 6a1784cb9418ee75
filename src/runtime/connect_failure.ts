/**
 * Why a connection could not be made, in words: each runtime has its own for the same thing.
 *
 * @module
 */

/** What Bun says (code and message), or Deno (message). Deno does not tell a refusal from a time limit. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED|tcp connect error/, "nobody listens there"],
  [/ENOTFOUND|EAI_AGAIN|dns error/, "there is no host of that name"],
  [/EHOSTUNREACH|ENETUNREACH/, "no route leads there"],
  [/ETIMEDOUT/, "nobody answers there"],
  [/(?:Expected 101 status code|Invalid status code): (\d+)/, "HTTP $1 came instead of a WebSocket"],
  [/HPE_|Invalid response|invalid HTTP/, "what answers there does not speak HTTP"],
  [/ECONNRESET|Connection ended|connection error/, "it hung up before there was a connection"],
];

/** The reason in the event that a WebSocket fires when it cannot connect. */
export function connectFailure(event: Event): string {
  const message = "message" in event && typeof event.message === "string" ? event.message : "unknown";
  const { error } = "error" in event ? event : { error: undefined };
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const said = `${code} ${message}`;
  for (const [pattern, words] of WORDS) {
    const found = pattern.exec(said);
    if (found) return words.replace("$1", found[1] ?? "");
  }
  return message.replace(/^WebSocket connection to '.*?' failed: |^NetworkError: failed to connect to WebSocket: /, "");
}
