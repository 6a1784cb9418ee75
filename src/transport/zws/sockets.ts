/**
 * The four ZWS sockets over whatever carries WebSocket messages: the runtime (`zws.ts`) or memory (`../memory.ts`).
 * Both therefore keep the same rules, byte for byte.
 *
 * @module
 */
import type { Transport } from "../transport.ts";
import type { ClientDeps } from "./client_socket.ts";
import { ZwsDealer } from "./dealer.ts";
import { openPublisher } from "./publisher.ts";
import { openRouter } from "./router.ts";
import type { ServerDeps } from "./server_socket.ts";
import { ZwsSubscriber } from "./subscriber.ts";

/** A transport over the given carrier. */
export function zwsSockets(deps: ServerDeps & ClientDeps): Transport {
  return {
    openPublisher: (options) => openPublisher(deps, options),
    openRouter: (options) => openRouter(deps, options),
    openSubscriber: (options) => new ZwsSubscriber(deps, options),
    openDealer: (options) => new ZwsDealer(deps, options),
  };
}
