/**
 * The version of everything on the wire, and its history: append only.
 *
 * - 1 (2026-11-23): the first.
 *
 * @module
 */

/** Bound into the handshake's prologue, so that nobody in between can lower it (T23). */
export const WIRE_VERSION = 1;
