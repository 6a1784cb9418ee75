import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expandTargetFile } from "../../src/cli/target_file.ts";
import { test } from "../kit/test.ts";

test("expandTargetFile() reads a list from a file, with comments, commas and blank lines", () => {
  const directory = mkdtempSync(join(tmpdir(), "brine-list-"));
  try {
    const path = join(directory, "list");
    writeFileSync(path, "# web\nweb[1-2]\n\ndb1, db2 # both\r\n");
    assert.equal(expandTargetFile(`@${path}`), "web[1-2],db1,db2");
    assert.throws(
      () => expandTargetFile(`@${path}.none`),
      /^UsageError: Cannot read target list .*: there is no such file$/,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
  assert.equal(expandTargetFile("web1,web2"), "web1,web2");
});
