/**
 * The in-memory transport with closes that come in a task of their own, as they do from real sockets: whoever iterates
 * over messages has read those that came before.
 *
 * @module
 */
import { soon } from "../../src/runtime/soon.ts";
import type { MemoryNetwork } from "../../src/transport/memory.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { zwsSockets } from "../../src/transport/zws/sockets.ts";

type ServerOptions = Parameters<MemoryNetwork["listen"]>[0];
type Handler = Exclude<ReturnType<ServerOptions["accept"]>, string>;
type ClientOptions = Parameters<MemoryNetwork["connect"]>[1];

/** A transport on `network` for the host at `address`. */
export function fleetTransport(network: MemoryNetwork, address: string): Transport {
  return zwsSockets({
    clock: network.clock,
    random: network.random,
    listen: (options) => network.listen(lateServer(options)),
    connect: (options) => lateClient(network, address, options),
  });
}

function lateServer(options: ServerOptions): ServerOptions {
  return {
    ...options,
    accept(address) {
      const handler = options.accept(address);
      if (typeof handler === "string") return handler;
      const late: Handler = {
        onOpen: (socket) => handler.onOpen(socket),
        onMessage: (message) => handler.onMessage(message),
        onClose: (end) => soon(() => handler.onClose(end)),
      };
      return late;
    },
  };
}

function lateClient(network: MemoryNetwork, address: string, options: ClientOptions) {
  let isClosed = false;
  const client = network.connect(address, {
    ...options,
    onClose: (reason) => soon(() => isClosed || options.onClose(reason)),
  });
  return {
    get queuedBytes() {
      return client.queuedBytes;
    },
    send: (message: Uint8Array) => client.send(message),
    ping: () => client.ping(),
    close(reason: string) {
      isClosed = true;
      return client.close(reason);
    },
  };
}
