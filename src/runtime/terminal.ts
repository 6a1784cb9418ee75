/**
 * The three standard streams. Results go to stdout, everything else to stderr.
 *
 * @module
 */
import { writeSync } from "node:fs";
import process from "node:process";

/**
 * Writes all of it to stdout before it returns, also into a pipe whose reader is slow. False when the reader has gone:
 * what would go on for ever may end then.
 */
export function writeOut(text: string | Uint8Array): boolean {
  return writeAll(1, text);
}

/** Writes all of it to stderr before it returns. */
export function writeError(text: string): void {
  writeAll(2, text);
}

function writeAll(descriptor: 1 | 2, content: string | Uint8Array): boolean {
  let bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (thrown) {
      const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
      if (code === "EPIPE") return false; // the reader has seen enough: `brine … | head`
      if (code === "EIO") return false; // the terminal was closed, the program lives on
      if (code !== "EAGAIN") throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // a full pipe: let its reader run
    }
  }
  return true;
}

/** Whether a person watches, and how wide the window is. */
export function terminal(stream: "stdout" | "stderr"): { isTerminal: boolean; columns: number } {
  const { isTTY, columns } = process[stream];
  return { isTerminal: Boolean(isTTY), columns: columns || 80 };
}
