/**
 * DEALER: sends to one ROUTER and receives from it, without lock-step (table J14).
 *
 * @module
 */
import type { Dealer, Frame } from "../transport.ts";
import { ZwsClientSocket } from "./client_socket.ts";

/** See {@link Dealer}. */
export class ZwsDealer extends ZwsClientSocket implements Dealer {
  send(frames: readonly Frame[]): boolean {
    return this.sendNow(frames);
  }

  protected override greeted(): void {}
}
