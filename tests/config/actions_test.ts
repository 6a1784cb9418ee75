/** Tests of what may stand in `reactor` and `schedule`. @module */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { loadConfig } from "../../src/config/load.ts";
import { MASTER_KEYS } from "../../src/config/master_config.ts";
import { parseCron } from "../../src/core/cron.ts";
import { masterProblems } from "../../src/master/config_problems.ts";
import { Scratch } from "../core/scratch.ts";
import { test } from "../kit/test.ts";
import { EXAMPLE } from "./example.ts";

async function load(text: string) {
  using scratch = new Scratch();
  const path = scratch.at("master");
  writeFileSync(path, text);
  try {
    return await loadConfig(MASTER_KEYS, { path, isRequired: true, flags: {}, check: masterProblems });
  } catch (thrown) {
    assert.ok(thrown instanceof Error);
    throw new Error(thrown.message.replaceAll(path, "FILE"));
  }
}

const problemsOf = async (text: string) => await load(text).then(() => "none", (thrown: Error) => thrown.message);

test("the runbook's example loads, with the defaults filled in", async () => {
  const { reactor, schedule } = await load(EXAMPLE);
  assert.deepEqual(reactor.map(({ tag, actions }) => [tag, actions.length]), [
    ["brine/minion/*/start", 1],
    ["brine/auth", 1],
    ["brine/minion/*/backup/done", 2],
  ]);
  assert.deepEqual(reactor[0]?.actions, [
    { run: "cmd.run", kind: "glob", target: { event: "id" }, arguments: ["/usr/local/bin/converge"], named: {} },
  ]);
  assert.deepEqual(schedule["heartbeat"], {
    run: "test.ping",
    kind: "glob",
    target: "*",
    arguments: [],
    named: {},
    every: "5m",
  });
});

test("loadConfig() says what is wrong with an action, and on which line", async () => {
  const cases: readonly (readonly [action: string, want: string])[] = [
    ["{}", "is none of { run, target }, { command }, { emit }"],
    ["[]", "is none of"],
    ["just text", "is none of"],
    ["{run: test.ping}", "0.actions.0.target: is missing"],
    ["{run: '', target: '*'}", '0.actions.0.run: "" is empty'],
    ["{run: test.ping, target: '*', tgt: x}", '0.actions.0.tgt: "tgt" is unknown here'],
    ["{run: test.ping, target: {event: id, else: x}}", "0.actions.0.target"],
    ["{run: test.ping, target: {event: 'a b'}}", '0.actions.0.target.event: "a b" is no field\'s name'],
    ["{run: test.ping, target: {event: a..b}}", "is no field's name"],
    ["{run: test.ping, target: '*', arguments: [[1]]}", "0.actions.0.arguments.0"],
    ["{run: test.ping, target: '*', kind: shell}", "is none of glob, list"],
    ["{run: test.ping, target: '*', arguments: text}", "is not a list"],
    ["{run: test.ping, target: '*', named: [a]}", "is not a map"],
    ["{run: test.ping, target: '*', named: {a: [1]}}", "0.actions.0.named.a"],
    ["{command: []}", "0.actions.0.command: [] is empty"],
    ["{command: uptime -p}", '"uptime -p" is not a list'],
    ["{command: [{event: program}]}", "names no program: no event may choose it"],
    ["{command: [echo, null]}", "is neither text, nor a number, nor { event: FIELD }"],
    ["{command: [echo], timeout: 0}", "0.actions.0.timeout: 0 is not above zero"],
    ["{command: [echo], shell: true}", '"shell" is unknown here'],
    ["{emit: 'a b'}", "is no tag"],
    ["{emit: brine/reactor/failed}", "belongs to minions, or to the reactor itself"],
    ["{emit: brine/minion/m1/start}", "belongs to minions, or to the reactor itself"],
    ["{emit: x, data: {a: {b: c}}}", "0.actions.0.data.a"],
    ["{emit: x, data: [a]}", "is not a map"],
  ];
  for (const [action, want] of cases) {
    const problems = await problemsOf(`# a comment\nreactor:\n  - tag: x\n    actions:\n      - ${action}\n`);
    assert.ok(problems.includes(want), `${action}: ${problems}`);
    assert.match(problems, /^Cannot load FILE: line [2-5]: reactor: /, action);
  }
});

test("loadConfig() says what is wrong with a scheduled job", async () => {
  const cases: readonly (readonly [job: string, want: string])[] = [
    ["{run: test.ping, target: '*'}", "needs either cron or every"],
    ["{run: test.ping, target: '*', every: 1m, cron: '* * * * *'}", "needs either cron or every"],
    ["{run: test.ping, target: '*', every: soon}", '"soon" is no duration such as 5m'],
    ["{run: test.ping, target: '*', every: 0}", "is less than a second"],
    ["{run: test.ping, target: '*', every: 999ms}", "is less than a second"],
    ["{run: test.ping, target: '*', cron: '61 * * * *'}", "is no cron expression"],
    ["{run: test.ping, target: '*', cron: '0 0 30 2 *'}", "is no cron expression"],
    ["{run: test.ping, target: '*', cron: 2026-01-01T00:00:00}", "is no cron expression"],
    ["{run: test.ping, target: {event: id}, every: 1m}", "a.target"],
    ["{run: test.ping, target: '*', every: 1m, arguments: [{event: id}]}", "a.arguments.0"],
  ];
  for (const [job, want] of cases) {
    const problems = await problemsOf(`schedule:\n  a: ${job}\n`);
    assert.ok(problems.includes(want), `${job}: ${problems}`);
    assert.match(problems, /^Cannot load FILE: line [12]: schedule: a/, job);
  }
  assert.match(await problemsOf("schedule: [a]\n"), /schedule: \["a"\] is not a map of names to jobs/);
  const { schedule } = await load("schedule: {a: {run: test.ping, target: '*', every: 30}}\n");
  assert.equal(schedule["a"]?.every, "30", "a bare number means seconds, as in Salt");
});

test("masterProblems() finds targets and tags that cannot be read, all at once, each on its line", async () => {
  const text = `\
nodegroups:
  good: "G@os:Debian"
  bad: "N@nobody"
reactor:
  - tag: "brine/[minion"
    actions:
      - { run: test.ping, target: "web[" }
      - { run: test.ping, target: "good", kind: nodegroup }
      - { run: test.ping, target: "N@good and", kind: compound }
schedule:
  nightly:
    run: test.ping
    target: "10.0.0.0/99"
    kind: cidr
    every: 1d
`;
  const problems = await problemsOf(text);
  const lines = [...problems.matchAll(/line (\d+): (\w+: [\w.]+):/g)].map(([, line, place]) => `${line} ${place}`);
  assert.deepEqual(lines, [
    "3 nodegroups: bad",
    "5 reactor: 0.tag",
    "7 reactor: 0.actions.0.target",
    "9 reactor: 0.actions.2.target",
    "13 schedule: nightly.target",
  ], problems);
});

test("parseCron() finds the next time, and refuses what comes once or never", () => {
  const from = new Date(2026, 0, 1, 12, 0, 30).getTime();
  const next = (expression: string) => new Date(parseCron(expression).after(from) ?? 0).toString().slice(4, 24);
  assert.equal(next("*/5 * * * *"), "Jan 01 2026 12:05:00");
  assert.equal(next("0 3 * * *"), "Jan 02 2026 03:00:00");
  assert.equal(next("*/10 * * * * *"), "Jan 01 2026 12:00:40");
  assert.equal(next("@hourly"), "Jan 01 2026 13:00:00");
  for (const wrong of ["", "* * * *", "@reboot", "2030-01-01T00:00:00", "0 0 30 2 *", "0 0 0 1 1 * 2030", "x"]) {
    assert.throws(() => parseCron(wrong), /^UsageError: Cannot read cron expression ".*": \S/, wrong);
  }
});
