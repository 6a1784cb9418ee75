/**
 * ZeroMQ over WebSocket, ZWS 2.0 (RFC 45), on the runtime's own WebSockets: the transport that machines use.
 *
 * @module
 */
import type { Clock } from "../../core/clock.ts";
import { openWebSocketClient } from "../../runtime/websocket_client.ts";
import { openWebSocketServer } from "../../runtime/websocket_server.ts";
import type { Transport } from "../transport.ts";
import { zwsSockets } from "./sockets.ts";

/** What it needs from outside. */
export interface ZwsDeps {
  readonly clock: Clock;
  /** A number in [0, 1): `Math.random` outside tests. */
  readonly random: () => number;
}

/** The transport over real sockets. */
export function zwsTransport({ clock, random }: ZwsDeps): Transport {
  return zwsSockets({ clock, random, listen: openWebSocketServer, connect: openWebSocketClient });
}
