import assert from "node:assert/strict";
import { directoriesOf, pathsOf } from "../../src/config/paths.ts";
import { parseRunningMaster } from "../../src/config/running_master.ts";
import { test } from "../kit/test.ts";

const NONE = { root: undefined, isRoot: false, home: "/home/ann", environment: {} };

test("directoriesOf() follows --root, then root's places, then XDG", () => {
  assert.deepEqual(directoriesOf({ ...NONE, root: "/srv/b", isRoot: true }), {
    etc: "/srv/b/etc/brine",
    lib: "/srv/b/var/lib/brine",
    run: "/srv/b/run/brine",
  });
  assert.deepEqual(directoriesOf({ ...NONE, isRoot: true }), {
    etc: "/etc/brine",
    lib: "/var/lib/brine",
    run: "/run/brine",
  });
  assert.deepEqual(directoriesOf(NONE), {
    etc: "/home/ann/.config/brine",
    lib: "/home/ann/.local/state/brine",
    run: "/home/ann/.local/state/brine/run",
  });
  const environment = { XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "/s", XDG_RUNTIME_DIR: "/run/user/7" };
  assert.deepEqual(directoriesOf({ ...NONE, environment }), {
    etc: "/c/brine",
    lib: "/s/brine",
    run: "/run/user/7/brine/run",
  });
});

test("pathsOf() keeps every path below its directory, and no two the same", () => {
  const directories = { etc: "/e", lib: "/l", run: "/r" };
  const paths = Object.values(pathsOf(directories));
  assert.equal(new Set(paths).size, paths.length);
  for (const path of paths) assert.match(path, /^\/[elr](\/|$)/);
});

test("parseRunningMaster() takes a whole note and nothing else", () => {
  const note = { pid: 7, host: "127.0.0.1", retPort: 4506 };
  assert.deepEqual(parseRunningMaster(JSON.stringify(note)), note);
  for (const text of ["", "{", "null", "[]", '{"pid":7}', '{"pid":"7","host":"h","retPort":1}']) {
    assert.equal(parseRunningMaster(text), undefined, text);
  }
});
