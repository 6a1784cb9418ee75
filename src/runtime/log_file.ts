/**
 * A log file (0600) that begins anew when it is large, or when somebody has renamed it and says so.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { renameSync, statSync } from "node:fs";
import { AppendFile } from "./files.ts";

/** Appends lines; the one before is kept as `NAME.1`. */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #maxBytes: number;
  #file: AppendFile;
  #sizeBytes: number;

  /** `maxBytes` 0: it grows for ever. */
  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#file = new AppendFile(path);
    this.#sizeBytes = statSync(path).size;
  }

  /** Throws when the line could not be written: the disk is full, or the file may not be renamed. */
  append(line: string): void {
    if (this.#maxBytes > 0 && this.#sizeBytes >= this.#maxBytes) {
      renameSync(this.#path, `${this.#path}.1`);
      this.reopen();
    }
    this.#file.append(line);
    this.#sizeBytes += Buffer.byteLength(line);
  }

  /** Goes on in the file that has the name now, or in a new one. */
  reopen(): void {
    const file = new AppendFile(this.#path);
    this.#file[Symbol.dispose]();
    this.#file = file;
    this.#sizeBytes = statSync(this.#path).size;
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
