/**
 * The one master that a minion trusts: named by its fingerprint at install, or whoever it was on first contact, and
 * from then on nobody else.
 *
 * @module
 */
import { fingerprintOf, formatPublicIdentity, parsePublicIdentity, type PublicIdentity } from "../crypto/identity.ts";
import { sameBytes } from "../core/bytes.ts";
import { readTextIfThere, writePrivateFile } from "../runtime/files.ts";

/** It is not the master that it should be. */
export class WrongMasterError extends Error {
  override readonly name = "WrongMasterError";
}

/** Remembers and judges the master's key. */
export class PinnedMaster {
  readonly #path: string;
  readonly #finger: string | undefined;
  #pinned: PublicIdentity | undefined;

  /** `finger` is `master_finger`; it must hold even where a pin exists. */
  constructor(path: string, finger: string | undefined) {
    this.#path = path;
    this.#finger = finger;
    const text = readTextIfThere(path);
    if (text !== undefined) this.#pinned = parsePublicIdentity(text);
  }

  /** Accepts `master` or throws a {@link WrongMasterError}; says whether it was pinned just now. */
  check(master: PublicIdentity): { isNew: boolean } {
    const fingerprint = fingerprintOf(master);
    if (this.#finger !== undefined && plain(this.#finger) !== plain(fingerprint)) {
      throw new WrongMasterError(
        `Cannot trust this master: its fingerprint is ${fingerprint}, but master_finger is ${this.#finger}; ` +
          "compare with `brine key finger` on the master, and correct master_finger if it is the one that is wrong",
      );
    }
    const pinned = this.#pinned;
    if (pinned && isSame(pinned, master)) return { isNew: false };
    if (pinned) {
      throw new WrongMasterError(
        `Cannot trust this master: THE MASTER'S KEY HAS CHANGED. Its fingerprint is ${fingerprint}, but ` +
          `${fingerprintOf(pinned)} is pinned in ${this.#path}. Either somebody stands in between, or the master was ` +
          "installed anew: compare with `brine key finger` on the master, and only if it agrees remove that file",
      );
    }
    writePrivateFile(this.#path, formatPublicIdentity(master) + "\n");
    this.#pinned = master;
    return { isNew: true };
  }
}

function isSame(a: PublicIdentity, b: PublicIdentity): boolean {
  return sameBytes(a.agreementKey, b.agreementKey) && sameBytes(a.signingKey, b.signingKey);
}

function plain(fingerprint: string): string {
  return fingerprint.toLowerCase().replaceAll("-", "").trim();
}
