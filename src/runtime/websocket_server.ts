/**
 * A WebSocket server: one signature, on `Bun.serve` or on `Deno.serve`. The rest of Brine speaks to it through the
 * interfaces below, so that nothing above this folder knows which runtime it is on.
 *
 * What the runtimes do differently is written at the top of `websocket_server_bun.ts` and `websocket_server_deno.ts`.
 *
 * @module
 */
import { isIP } from "node:net";
import { reasonOf } from "../core/errors.ts";
import { formatHostPort, type WebSocketServer, type WebSocketServerOptions } from "./websocket.ts";

/** Listens on exactly `hostname:port`. */
export async function openWebSocketServer(options: WebSocketServerOptions): Promise<WebSocketServer> {
  // Each runtime evaluates only its own file; the bundler still sees both names.
  const { listen } = "Bun" in globalThis
    ? await import("./websocket_server_bun.ts")
    : await import("./websocket_server_deno.ts");
  try {
    return listen(options);
  } catch (cause) {
    const { hostname } = options;
    // Bun reports a name that does not resolve as an address in use, sometimes.
    const isAddress = isIP(hostname) !== 0 || hostname === "localhost";
    const state = isAddress ? listenFailure(cause) : "it is not an address";
    throw new Error(`Cannot listen on ${formatHostPort(hostname, options.port)}: ${state}`, { cause });
  }
}

const LISTEN_FAILURES: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "address already in use"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EADDRNOTAVAIL", "no interface of this machine has that address"],
]);

function listenFailure(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return LISTEN_FAILURES.get(code) ?? reasonOf(cause);
}
