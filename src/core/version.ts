/**
 * The version of Brine; a test holds it equal to package.json's.
 *
 * @module
 */

/** What `brine version` prints. */
export const VERSION = "0.1.0";
