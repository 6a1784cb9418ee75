/**
 * Which of RFC 45's subprotocols are spoken: `ZWS2.0`, the one without a ZMTP mechanism, and no other. Who is there is
 * settled above, by the handshake in `channel/`.
 *
 * @module
 */

/** What a client offers, and what a server answers: in this exact spelling, which libzmq compares byte for byte. */
export const SUBPROTOCOL = "ZWS2.0";

/** The answer to an offer such as `ZWS2.0/NULL,ZWS2.0`; undefined when nothing in it is spoken here. */
export function chooseProtocol(offer: string | null): string | undefined {
  const isOffered = offer?.split(",").some((name) => name.trim() === SUBPROTOCOL);
  return isOffered ? SUBPROTOCOL : undefined;
}
