import assert from "node:assert/strict";
import { test } from "../kit/test.ts";
import { type SourceFile, sourceFiles } from "./source.ts";

/** From the ground up: a folder imports its own floor and those below it. */
const FLOORS = [
  ["core"],
  ["runtime"],
  ["wire", "transport", "crypto", "config"],
  ["target", "channel", "store"],
  ["master", "minion", "client"],
  ["output"],
  ["cli"],
] as const;

const APART = new Set(["master", "minion", "client"]);

function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function floorOf(folder: string): number {
  return FLOORS.findIndex((floor) => (floor as readonly string[]).includes(folder));
}

function edges(): { from: SourceFile; to: string }[] {
  return sourceFiles().flatMap((from) => from.imports.map((to) => ({ from, to })));
}

test("src/: imports go down only", () => {
  const wrong = edges().filter(({ from, to }) => {
    const [here, there] = [folderOf(from.path), folderOf(to)];
    return here !== undefined && there !== undefined && floorOf(there) > floorOf(here);
  });
  assert.deepEqual(wrong.map(({ from, to }) => `${from.path} -> ${to}`), []);
});

test("src/: every folder has its floor", () => {
  const folders = new Set(sourceFiles().map(({ path }) => folderOf(path)).filter((folder) => folder !== undefined));
  assert.deepEqual([...folders].filter((folder) => floorOf(folder) === -1), []);
});

test("src/: master, minion and client never import one another", () => {
  const wrong = edges().filter(({ from, to }) => {
    const [here, there] = [folderOf(from.path) ?? "", folderOf(to) ?? ""];
    return here !== there && APART.has(here) && APART.has(there);
  });
  assert.deepEqual(wrong.map(({ from, to }) => `${from.path} -> ${to}`), []);
});

test("src/: no file imports itself in a circle", () => {
  const files = new Map(sourceFiles().map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(path), `a circle: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const to of files.get(path)?.imports ?? []) if (files.has(to)) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
});

test("src/runtime: it alone names the runtimes and node:", () => {
  const wrong = sourceFiles().filter(({ path, text, imports }) => {
    if (folderOf(path) === "runtime") return false;
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"[^"\n]*"/g, "");
    return imports.some((name) => name.startsWith("node:")) ||
      /\b(Deno|Bun)\.|\bprocess\.|\bglobalThis\.(Deno|Bun)/.test(code);
  });
  assert.deepEqual(wrong.map(({ path }) => path), []);
});

test("src/: a package is named in one folder only", () => {
  const homes = new Map<string, Set<string>>();
  for (const { from, to } of edges()) {
    if (/^(\.|src\/|node:|[a-z_]+\.ts$)/.test(to)) continue;
    homes.set(to, (homes.get(to) ?? new Set()).add(folderOf(from.path) ?? "doors"));
  }
  // valibot describes data wherever data comes in; yaml is read by config and written by output; the rest have one home.
  const several = new Set(["valibot", "yaml"]);
  const wrong = [...homes].filter(([name, folders]) => !several.has(name) && folders.size > 1);
  assert.deepEqual(wrong.map(([name, folders]) => `${name}: ${[...folders].join(", ")}`), []);
});

test("src/: files are short and introduce themselves", () => {
  const files = sourceFiles();
  const long = files.filter(({ text }) => text.split("\n").length > 500).map(({ path }) => path);
  assert.deepEqual(long, []);
  const silent = files.filter(({ text }) => !/^\/\*\*[\s\S]*?@module[\s\S]*?\*\//.test(text)).map(({ path }) => path);
  assert.deepEqual(silent, []);
});
