// Makes node_modules what the lock file says, when it is missing or older. Plain Node: it runs before anything is there.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = JSON.parse(readFileSync(`${root}/package-lock.json`, "utf8")).packages;

function isInstalled() {
  const mark = `${root}/node_modules/.package-lock.json`;
  if (!existsSync(mark)) return false;
  const have = JSON.parse(readFileSync(mark, "utf8")).packages;
  // What is optional for another platform is rightly not there.
  return Object.entries(wanted).every(([path, { version, optional }]) =>
    path === "" || (optional && !have[path]) || have[path]?.version === version
  );
}

if (!isInstalled()) {
  const { status, error } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (error) console.error(`Cannot install packages: ${error.message}`);
  process.exit(status ?? 1);
}
