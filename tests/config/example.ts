/**
 * What the runbook shows of `reactor` and `schedule`; the tests load it.
 *
 * @module
 */

/** A master's file, or a drop-in such as `master.d/automation.conf`. */
export const EXAMPLE = `\
# What is done when an event's tag matches. Tags are globs; \`brine events\` shows what happens.
# A value of the event is { event: FIELD }, with dots for fields of fields; also tag, at and sequence.
reactor:
  # A minion has started: bring it up to date. An event may name one minion, never a pattern.
  - tag: brine/minion/*/start
    actions:
      - run: cmd.run
        target: { event: id }
        arguments: ["/usr/local/bin/converge"]

  # Somebody wants in. A program and its arguments, no shell; the whole event is on its stdin as JSON.
  # Put -- before a value of the event, so that no value can pass for an option.
  - tag: brine/auth
    actions:
      - command: [/usr/local/bin/notify, --subject, new key, --, { event: id }]
        timeout: 10 # seconds; 30 if not given

  # A backup says that it is done (brine/minion/ID/backup/done): two things at once.
  - tag: brine/minion/*/backup/done
    actions:
      - run: test.echo
        target: role:monitor
        kind: grain # glob if not given; also list, regex, grain_regex, cidr, nodegroup, compound
        named: { words: { event: file } } # by name; or by place: arguments: [...]
      - emit: backups/done # any tag but brine/minion/ and brine/reactor/
        data: { file: { event: file }, source: { event: tag } }

# Jobs at times, by name. Each has either cron or every.
schedule:
  nightly-cleanup:
    run: cmd.run
    target: "web*"
    arguments: ["journalctl --vacuum-time=7d"]
    cron: "30 3 * * *" # five fields, or six with seconds first; @daily and the like; the master's time zone
  heartbeat:
    run: test.ping
    target: "*"
    every: 5m # counted from the master's start
`;
