import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  AppendFile,
  codeOf,
  listDirectory,
  makePrivateDirectory,
  makeTemporaryDirectory,
  modeOf,
  readFileIfThere,
  readFilePart,
  readTextIfThere,
  removePath,
  setPrivateFile,
  writePrivateFile,
} from "../../src/runtime/files.ts";
import { Scratch } from "../core/scratch.ts";
import { test } from "../kit/test.ts";

/** As a careless init script would have it: nothing is masked. */
class NoUmask implements Disposable {
  readonly #before = process.umask(0);
  [Symbol.dispose](): void {
    process.umask(this.#before);
  }
}

test("T7: what is made is 0600 and 0700, also with a permissive umask", () => {
  using scratch = new Scratch();
  using _mask = new NoUmask();
  makePrivateDirectory(scratch.at("a", "b"));
  writePrivateFile(scratch.at("c", "d", "file"), "secret");
  setPrivateFile(scratch.at("empty"));
  const temporary = makeTemporaryDirectory(scratch.at("e"), "run-");
  {
    using file = new AppendFile(scratch.at("f", "log"));
    file.append("line\n");
  }
  for (const directory of ["a", "a/b", "c", "c/d", "e", "f"]) {
    assert.equal(modeOf(scratch.at(directory)), 0o700, directory);
  }
  assert.equal(modeOf(temporary), 0o700);
  for (const file of ["c/d/file", "empty", "f/log"]) assert.equal(modeOf(scratch.at(file)), 0o600, file);
});

test("writePrivateFile() replaces a file whole: whoever has the old one open keeps the old one", () => {
  using scratch = new Scratch();
  const path = scratch.at("file");
  writePrivateFile(path, "old");
  linkSync(path, scratch.at("witness"));
  writePrivateFile(path, "new");
  assert.equal(readFileSync(path, "utf8"), "new");
  assert.equal(readFileSync(scratch.at("witness"), "utf8"), "old", "the old file was written into");
  assert.deepEqual(readdirSync(scratch.path).sort(), ["file", "witness"], "nothing is left beside it");
});

test("writePrivateFile() makes a file that others could read private again", () => {
  using scratch = new Scratch();
  writeFileSync(scratch.at("file"), "old");
  chmodSync(scratch.at("file"), 0o666);
  writePrivateFile(scratch.at("file"), "new", { isFlushed: false });
  assert.equal(modeOf(scratch.at("file")), 0o600);
});

test("writePrivateFile() replaces a symbolic link and leaves alone where it leads", () => {
  using scratch = new Scratch();
  writeFileSync(scratch.at("victim"), "untouched");
  symlinkSync(scratch.at("victim"), scratch.at("file"));
  writePrivateFile(scratch.at("file"), "mine");
  assert.equal(readFileSync(scratch.at("victim"), "utf8"), "untouched");
  assert.equal(readFileSync(scratch.at("file"), "utf8"), "mine");
});

test("writePrivateFile() leaves nothing behind when it fails", () => {
  using scratch = new Scratch();
  mkdirSync(scratch.at("directory"));
  writeFileSync(scratch.at("directory", "inside"), "");
  assert.throws(() => writePrivateFile(scratch.at("directory"), "x"));
  assert.deepEqual(readdirSync(scratch.path), ["directory"]);
  writeFileSync(scratch.at("file"), "");
  assert.throws(() => writePrivateFile(scratch.at("file", "below"), "x"));
});

test("writePrivateFile() writes exactly the bytes of a view", () => {
  using scratch = new Scratch();
  const view = Uint8Array.of(9, 1, 2, 3, 9).subarray(1, 4);
  writePrivateFile(scratch.at("file"), view);
  assert.deepEqual(readFileIfThere(scratch.at("file")), Uint8Array.of(1, 2, 3));
  writePrivateFile(scratch.at("empty"), new Uint8Array(0));
  assert.deepEqual(readFileIfThere(scratch.at("empty")), new Uint8Array(0));
});

test("the readers give undefined where there is nothing, and throw where there is something else", () => {
  using scratch = new Scratch();
  for (const read of [readFileIfThere, readTextIfThere, (path: string) => readFilePart(path, 0, 9)]) {
    assert.equal(read(scratch.at("nothing")), undefined);
    assert.equal(read(scratch.at("no", "such", "directory")), undefined);
    assert.throws(() => read(scratch.path), (thrown) => codeOf(thrown) === "EISDIR");
  }
  writePrivateFile(scratch.at("text"), "grüße\n");
  assert.equal(readTextIfThere(scratch.at("text")), "grüße\n");
});

test("readFilePart() gives the bytes at every offset", () => {
  using scratch = new Scratch();
  const content = Uint8Array.from({ length: 20 }, (_, index) => index);
  writePrivateFile(scratch.at("file"), content);
  for (let offset = 0; offset <= 22; offset++) {
    for (const maxBytes of [1, 7, 20, 100]) {
      const part = readFilePart(scratch.at("file"), offset, maxBytes);
      assert.deepEqual([...part ?? [-1]], [...content.subarray(offset, offset + maxBytes)], `${offset}, ${maxBytes}`);
    }
  }
});

test("listDirectory() gives names in order, and none for what is not there", () => {
  using scratch = new Scratch();
  for (const name of ["b", "a", "C", "10", "9"]) writePrivateFile(scratch.at(name), "");
  assert.deepEqual(listDirectory(scratch.path), ["10", "9", "C", "a", "b"]);
  assert.deepEqual(listDirectory(scratch.at("nothing")), []);
  assert.throws(() => listDirectory(scratch.at("a")), (thrown) => codeOf(thrown) === "ENOTDIR");
});

test("AppendFile grows a file line by line, after what is there already", () => {
  using scratch = new Scratch();
  for (const round of [1, 2]) {
    using file = new AppendFile(scratch.at("log"));
    file.append(`${round} a\n`);
    assert.ok(
      readFileSync(scratch.at("log"), "utf8").endsWith(`${round} a\n`),
      "it is there as soon as append returns",
    );
    file.append(`${round} ü\n`);
  }
  assert.equal(readFileSync(scratch.at("log"), "utf8"), "1 a\n1 ü\n2 a\n2 ü\n");
});

test("two AppendFiles of one path lose no line of each other", () => {
  using scratch = new Scratch();
  using one = new AppendFile(scratch.at("log"));
  using other = new AppendFile(scratch.at("log"));
  for (let turn = 0; turn < 100; turn++) (turn % 2 ? one : other).append(`${turn}\n`);
  const lines = readFileSync(scratch.at("log"), "utf8").trim().split("\n");
  assert.deepEqual(lines, Array.from({ length: 100 }, (_, turn) => String(turn)));
});

test("removePath() removes trees and links but not what links lead to, and takes absence for success", () => {
  using scratch = new Scratch();
  mkdirSync(scratch.at("kept"));
  writeFileSync(scratch.at("kept", "file"), "");
  mkdirSync(scratch.at("tree", "deep"), { recursive: true });
  symlinkSync(scratch.at("kept"), scratch.at("tree", "deep", "link"));
  removePath(scratch.at("tree"));
  removePath(scratch.at("tree"));
  assert.equal(existsSync(scratch.at("tree")), false);
  assert.equal(existsSync(scratch.at("kept", "file")), true);
});

test("T18: makeTemporaryDirectory() makes a new directory each time", () => {
  using scratch = new Scratch();
  const made = Array.from({ length: 20 }, () => makeTemporaryDirectory(scratch.at("run"), "job-"));
  assert.equal(new Set(made).size, 20);
  for (const path of made) {
    assert.ok(path.startsWith(join(scratch.at("run"), "job-")));
    assert.deepEqual(readdirSync(path), []);
  }
});

test("setPrivateFile() leaves a file's content alone, and closes it to others", () => {
  using scratch = new Scratch();
  writeFileSync(scratch.at("file"), "content");
  chmodSync(scratch.at("file"), 0o664);
  setPrivateFile(scratch.at("file"));
  assert.equal(readFileSync(scratch.at("file"), "utf8"), "content");
  assert.equal(statSync(scratch.at("file")).mode & 0o777, 0o600);
});
