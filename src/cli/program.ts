/**
 * The commands, their options and their help. What a command does is in the file of its name, loaded when it runs.
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from "commander";
import { RUN_FORMATS } from "../output/run_formats.ts";
import { LOG_LEVELS } from "../core/log.ts";
import { VERSION } from "../core/version.ts";
import { writeError, writeOut } from "../runtime/terminal.ts";

/** Takes a command's exit code. */
export type SetExitCode = (code: number) => void;

/** The whole program; `setExitCode` hears how a command ended. */
export function buildProgram(setExitCode: SetExitCode): Command {
  const program = new Command("brine")
    .description("Runs a command on ten or ten thousand machines as easily as on one, without ssh.")
    .addOption(new Option("--root <dir>", "everything below this directory").env("BRINE_ROOT"))
    .option("--config <file>", "the configuration file of the master or minion")
    .addOption(new Option("--log-level <level>", "the least grave records to write").choices(LOG_LEVELS))
    .option("--json", "print one JSON document")
    .version(`brine ${VERSION}`, "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({ writeOut, writeErr: writeError, outputError: () => {} }) // main says it, in one line
    .configureHelp({ showGlobalOptions: true })
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show a command's help")
    .addHelpText("after", examples(["brine demo", "brine run 'web*' cmd.run 'uname -r'", "brine key accept web01"]));

  const add = (usage: string, about: string, sample: readonly string[]) =>
    program.command(usage).description(about).addHelpText("after", examples(sample));
  /** Loads a command's file when it is run, and keeps its exit code. */
  const does =
    <Args extends unknown[]>(load: () => Promise<(...args: Args) => Promise<number>>) => async (...args: Args) =>
      setExitCode(await (await load())(...args));

  add("master", "Run a master.", [
    "brine master",
    "brine --root /srv/brine master --interface 127.0.0.1 --publish-port 14505 --ret-port 14506",
  ])
    .option("--interface <address>", "listen on this address only")
    .option("--publish-port <port>", "PUB, where minions hear jobs (4505)", toPort)
    .option("--ret-port <port>", "ROUTER, where minions return and operators ask (4506)", toPort)
    .option("--worker-threads <n>", "0: every role in one process", toCount)
    .option("--check", "load the configuration, say what is wrong with it, and exit")
    .option("--insecure-auto-accept", "accept every minion's key; for demos, on loopback only")
    .action(does(async () => (await import("./master.ts")).masterCommand));

  add("minion", "Run a minion.", [
    "brine minion --master salt.example.com",
    "brine minion --master 10.0.0.1:4506 --id web01 --token-file /run/brine-token",
  ])
    .option("--master <host[:port]>", "the master, with its ret_port (4506)")
    .option("--id <id>", "what this minion is called (the host's name)")
    .option("--token <token>", "an enrolment token from `brine key token`; `ps` shows it to others")
    .addOption(new Option("--token-file <file>", "a file that holds the token; or set BRINE_TOKEN").conflicts("token"))
    .option("--master-finger <fingerprint>", "trust only the master with this fingerprint")
    .option("--check", "load the configuration, say what is wrong with it, and exit")
    .action(does(async () => (await import("./minion.ts")).minionCommand));

  const run = add("run <target> <function> [arguments...]", "Run a function on the minions that the target names.", [
    "brine run '*' test.ping",
    "brine run 'web[01-40]' cmd.run 'systemctl is-active nginx' --out txt",
    "brine run -L db1,db2 cmd.run 'df -h /' cwd=/ timeout=10",
    "brine run '*' test.echo -- --text-that-looks-like-an-option",
    "brine run -G os:Debian cmd.run uptime --json | jq .returns",
  ]);
  addTargetOptions(run)
    .option("-t, --timeout <seconds>", "stop waiting after this long (while minions are there and at work)")
    .option("--ttl <duration>", "how long the job may wait to be started on a minion (60s)")
    .option("--async", "print the job's id and do not wait")
    .option("--preview", "say who would be meant, and run nothing")
    .option("--ndjson", "one line of JSON for each return as it comes, then one for the account")
    .addOption(new Option("--out <format>", "how to print the returns").choices(RUN_FORMATS))
    .action(does(async () => (await import("./run.ts")).runCommand));

  const key = program.command("key").description("Minions' and operators' keys.")
    .addHelpText("after", examples(["brine key list", "brine key accept 'web*'", "brine key token --ttl 1h"]));
  const addKey = (usage: string, about: string, sample: readonly string[]) =>
    key.command(usage).description(about).addHelpText("after", examples(sample));
  addKey("list", "List the keys that the master knows.", ["brine key list", "brine key list --json"])
    .action(does(async () => (await import("./key.ts")).keyList));
  for (const [change, about] of KEY_CHANGES) {
    addKey(`${change} [globs...]`, about, [`brine key ${change} web01`, `brine key ${change} 'web*' db1`])
      .option("--all", `${change} them all${change === "accept" ? " (those that are pending)" : ""}`)
      .option("--operator", "operators' keys instead of minions'")
      .action(does(async () => (await import("./key.ts")).keyChange(change)));
  }
  addKey("finger [globs...]", "Show fingerprints: the master's, and those of the keys that it knows.", [
    "brine key finger",
    "brine key finger web01",
  ])
    .action(does(async () => (await import("./key.ts")).keyFinger));
  addKey("token", "Make an enrolment token, with which minions are accepted at once.", [
    "brine key token > /run/brine-token",
    "brine key token --ttl 10m --uses 40 --json",
  ])
    .option("--ttl <duration>", "how long it holds", "1h")
    .option("--uses <n>", "how many minions it lets in", toCount, 1)
    .action(does(async () => (await import("./key.ts")).keyToken));

  add("minions", "Who is there: up or down, since when, which version.", ["brine minions", "brine minions --json"])
    .action(does(async () => (await import("./minions.ts")).minionsCommand));

  const jobs = program.command("jobs").description("Jobs, running and past.")
    .addHelpText("after", examples(["brine jobs list", `brine jobs show ${SAMPLE_JID}`]));
  const addJobs = (usage: string, about: string, sample: readonly string[]) =>
    jobs.command(usage).description(about).addHelpText("after", examples(sample));
  addJobs("list", "List the newest jobs.", [
    "brine jobs list",
    "brine jobs list --function 'cmd.*' --since 1h --limit 100 --json",
    "brine jobs list --unfinished",
  ])
    .option("--limit <n>", "at most so many", toCount, 20)
    .option("--function <glob>", "only those of these functions")
    .option("--operator <name>", "only those that this operator gave")
    .option("--since <duration>", "only those given within this time, such as 1h")
    .option("--unfinished", "only those that somebody has not answered")
    .action(does(async () => (await import("./jobs.ts")).jobsList));
  addJobs("show <jid>", "Show what a job's minions answered.", [`brine jobs show ${SAMPLE_JID} --out table`])
    .addOption(new Option("--out <format>", "how to print the returns").choices(RUN_FORMATS))
    .action(does(async () => (await import("./jobs.ts")).jobsShow));
  addJobs("attach <jid>", "Wait for a job that was started earlier, and show it.", [
    `brine jobs attach ${SAMPLE_JID}`,
    `brine jobs attach ${SAMPLE_JID} -t 10`,
  ])
    .addOption(new Option("--out <format>", "how to print the returns").choices(RUN_FORMATS))
    .option("-t, --timeout <seconds>", "stop waiting after this long")
    .option("--ndjson", "one line of JSON for each return as it comes, then one for the account")
    .action(does(async () => (await import("./jobs.ts")).jobsAttach));
  addJobs("missing <jid>", "Show who has not answered a job, and why.", [`brine jobs missing ${SAMPLE_JID}`])
    .action(does(async () => (await import("./jobs.ts")).jobsMissing));
  addJobs("kill <jid>", "Kill a job's process groups wherever it runs.", [`brine jobs kill ${SAMPLE_JID}`])
    .action(does(async () => (await import("./jobs.ts")).jobsKill));

  add("events [glob]", "Watch the event bus.", ["brine events", "brine events 'brine/job/*'", "brine events --json"])
    .action(does(async () => (await import("./events.ts")).eventsCommand));

  add("call <function> [arguments...]", "Run a function here, with no master.", [
    "brine call grains.get os",
    "brine call cmd.run 'uptime' --json",
  ])
    .action(does(async () => (await import("./call.ts")).callCommand));

  const config = program.command("config").description("The configuration, and what each key means.")
    .addHelpText("after", examples(["brine config check master", "brine config explain worker_threads"]));
  const addConfig = (usage: string, about: string, sample: readonly string[]) =>
    config.command(usage).description(about).addHelpText("after", examples(sample));
  addConfig("check [role]", "Load the files of the master or minion, and say everything that is wrong with them.", [
    "brine config check",
    "brine config check master",
    "brine --config ./master.new config check master",
  ])
    .action(does(async () => (await import("./config.ts")).configCheck));
  addConfig("show [role]", "Print every key with its value and where that comes from.", [
    "brine config show master",
    "brine config show minion --json",
  ])
    .action(does(async () => (await import("./config.ts")).configShow));
  addConfig("explain [key]", "Say what a key does, and its default; without a key, list them all.", [
    "brine config explain",
    "brine config explain worker_threads",
  ])
    .action(does(async () => (await import("./config.ts")).configExplain));

  add("demo", "A master and three minions on this machine, and a first job.", ["brine demo"])
    .option("--hold", "leave them running until Ctrl-C")
    .action(does(async () => (await import("./demo.ts")).demoCommand));

  add("version", "Print the version.", ["brine version", "brine version --json"])
    .action(does(async () => (await import("./version.ts")).versionCommand));
  return program;
}

const SAMPLE_JID = "20261123071833123-k3f9a2";

const KEY_CHANGES = [
  ["accept", "Accept pending keys; a rejected one must be named whole."],
  ["reject", "Reject keys: their owners are put out at once, and refused when they come back."],
  ["delete", "Forget keys: their owners are put out at once, and are pending when they come back."],
] as const;

function addTargetOptions(command: Command): Command {
  return command
    .option("-E, --pcre", "the target is a regular expression on ids (RE2)")
    .option("-L, --list", "the target is a list: web01,web02,db[1-3]")
    .option("-G, --grain", "the target is a grain and a glob: os:Debian")
    .option("-P, --grain-pcre", "the target is a grain and a regular expression")
    .option("-S, --ipcidr", "the target is an address or a network: 10.0.0.0/8")
    .option("-N, --nodegroup", "the target is a nodegroup of the master's configuration")
    .option("-C, --compound", "the target is a compound: 'G@os:Debian and not web*'")
    .option("--delimiter <character>", "between a grain's keys and its value (:)");
}

function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function toCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It takes a whole number.");
  return Number(text);
}

function toPort(text: string): number {
  const port = toCount(text);
  if (port > 65_535) throw new InvalidArgumentError("A port is at most 65535.");
  return port;
}
