// Runs every test on Deno and on Bun, then the end-to-end tests against the compiled file, and counts what really ran.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => `${root}node_modules/.bin/${name}`;
const onlyHere = new Set(["kit", "e2e"]);
const folders = readdirSync(`${root}tests`).filter((name) => !onlyHere.has(name)).map((name) => `tests/${name}`);

const steps = [
  { name: "check", command: [bin("deno"), "check", "--quiet", "."] },
  {
    name: "deno",
    command: [
      bin("deno"),
      "test",
      "-A",
      "--quiet",
      "--no-check", // the step before did it
      "--sanitize-ops",
      "--sanitize-resources",
      ...folders,
    ],
    count: /(\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?:.*?\| (\d+) ignored)?/,
  },
  {
    name: "bun",
    command: [bin("bun"), "test", ...folders],
    count: /^\s*(\d+) pass\n(?:\s*(\d+) skip\n)?(?:\s*\d+ todo\n)?\s*(\d+) fail/m,
  },
  { name: "build", command: ["npm", "run", "--silent", "build"] },
  {
    name: "e2e",
    command: [bin("bun"), "test", "tests/e2e"],
    count: /^\s*(\d+) pass\n(?:\s*(\d+) skip\n)?(?:\s*\d+ todo\n)?\s*(\d+) fail/m,
  },
  {
    name: "e2e-one-process",
    command: [bin("bun"), "test", ...["run", "key", "command", "endurance"].map((name) => `tests/e2e/${name}_test.ts`)],
    env: { BRINE_MASTER_WORDS: "--worker-threads 0" },
    count: /^\s*(\d+) pass\n(?:\s*(\d+) skip\n)?(?:\s*\d+ todo\n)?\s*(\d+) fail/m,
  },
];

const words = process.argv.slice(2);
const isAtOnce = words.includes("--at-once"); // both runtimes side by side: for developers, not for slow machines
const wanted = words.filter((word) => word !== "--at-once");
const chosen = steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const total = { passed: 0, failed: 0, skipped: 0 };
if (isAtOnce) await Promise.all(chosen.flatMap(shards).map((step) => runStep(step, false)));
else for (const step of chosen) await runStep(step, true);
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exit(total.failed === 0 ? 0 : 1);

/** Deno runs one file after the other: two halves of about the same length end sooner. */
function shards(step) {
  if (step.name !== "deno") return [step];
  const first = new Set(["tests/fleet", "tests/transport", "tests/client", "tests/output"]);
  const half = (isFirst) => ({
    ...step,
    command: step.command.filter((word) => !word.startsWith("tests/") || first.has(word) === isFirst),
  });
  return [half(true), half(false)];
}

async function runStep(step, isShown) {
  const title = `\n== ${step.name}: ${step.command.map((word) => word.replace(root, "")).join(" ")}`;
  if (isShown) console.log(title);
  const { code, output } = await run(step, isShown);
  const result = step.count ? read(step, output) : { passed: 0, failed: 0, skipped: 0 };
  if (!isShown && (code !== 0 || !result)) console.log(`${title}\n${output}`);
  // A runner that died, or could not even say how many it ran, has failed.
  if (!result) total.failed++;
  else if (code !== 0 && result.failed === 0) total.failed++;
  for (const key of Object.keys(total)) total[key] += result?.[key] ?? 0;
}

function read({ name, count }, output) {
  const found = count.exec(output);
  if (!found) return undefined;
  const [first, second, third] = found.slice(1).map((digits) => Number(digits ?? 0));
  if (name === "deno") return { passed: first, failed: second, skipped: third };
  return { passed: first, skipped: second, failed: third };
}

function run({ command: [program, ...args], env = {} }, isShown) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (chunk) => {
      output += chunk;
      if (isShown) process.stdout.write(chunk);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
