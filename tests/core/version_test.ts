import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { VERSION } from "../../src/core/version.ts";
import { test } from "../kit/test.ts";

test("VERSION is the version of package.json", () => {
  const url = new URL("../../package.json", import.meta.url);
  assert.equal(VERSION, (JSON.parse(readFileSync(url, "utf8")) as { version: string }).version);
});
