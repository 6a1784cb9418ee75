/**
 * A directory that is gone when the test is over.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Scratch implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "brine-test-"));

  /** The path of a name in it. */
  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
