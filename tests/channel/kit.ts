/**
 * Both ends of a handshake, and the frames that went between them.
 *
 * @module
 */
import { type Authenticated, ClientHandshake, type ClientHello, MasterHandshake } from "../../src/channel/handshake.ts";
import { type Identity, newIdentity } from "../../src/crypto/identity.ts";
import type { Split } from "../../src/crypto/noise.ts";

export const master: Identity = newIdentity();
export const web01: ClientHello = { role: "minion", id: "web01", identity: newIdentity() };
export const NOW = Date.UTC(2026, 10, 23);

export const trusting = (): void => {};

/** A whole handshake; `tamper` may change each frame on its way. */
export function shakeHands(
  hello: ClientHello = web01,
  tamper: (frame: Uint8Array, index: number) => Uint8Array = (frame) => frame,
): { frames: Uint8Array[]; split: Split; authenticated: Authenticated } {
  const [client, server] = [new ClientHandshake(hello), new MasterHandshake(master)];
  const first = tamper(client.start(), 0);
  const second = tamper(server.start(first, NOW), 1);
  const { reply, split } = client.finish(second, trusting);
  const third = tamper(reply, 2);
  return { frames: [first, second, third], split, authenticated: server.finish(third) };
}
