/** Tests of links between roles: one contract for those inside a process and those between processes. @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { systemClock } from "../../src/core/clock.ts";
import type { Exchange, Hub, Link, LinkListener, ToEvents, ToQueue } from "../../src/master/link.ts";
import { localExchange } from "../../src/master/local_exchange.ts";
import { type ProcessExchange, processExchange } from "../../src/master/process_exchange.ts";
import { listenLocal, type LocalStream } from "../../src/runtime/local_socket.ts";
import { decodeTrusted, encode } from "../../src/wire/codec.ts";
import type { BusEvent } from "../../src/wire/operator_messages.ts";
import { Scratch } from "../core/scratch.ts";
import { test } from "../kit/test.ts";
import { until } from "../kit/until.ts";

const MIB = 1024 * 1024;

/** An exchange of processes whose other end is this process too. */
class Sockets implements Disposable {
  readonly #scratch = new Scratch();
  readonly dropped: [Hub, number][] = [];
  readonly overflows: Hub[] = [];

  /** As a process of its own would make it. */
  exchange(): ProcessExchange {
    return processExchange({
      directory: this.#scratch.path,
      clock: systemClock,
      onDropped: (hub, count) => void this.dropped.push([hub, count]),
      onOverflow: (hub) => void this.overflows.push(hub),
    });
  }

  path(name: string): string {
    return this.#scratch.at(name);
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }
}

/** A hub that writes down what it hears, and says it back. */
class Echo {
  /** `TAG`, and `-` when a link has closed. */
  readonly heard: string[] = [];
  readonly data: BusEvent["data"][] = [];

  readonly onLink = (link: Link<{ kind: "event"; event: BusEvent }>): LinkListener<ToEvents> => ({
    receive: (message) => {
      if (message.kind !== "emit") return;
      const { tag, data } = message;
      this.heard.push(tag);
      this.data.push(data);
      link.send({ kind: "event", event: { sequence: this.heard.length, tag, at: 0, data } });
    },
    closed: () => void this.heard.push("-"),
  });
}

const say = (link: Link<ToEvents>, tag: string, data: BusEvent["data"] = {}) => link.send({ kind: "emit", tag, data });

/** A role's end that writes down what it hears. */
function talk(exchange: Exchange, onConnect?: (link: Link<ToEvents>) => void) {
  const heard: string[] = [];
  const data: BusEvent["data"][] = [];
  const link: Link<ToEvents> = exchange.connect("EventPublisher", ({ event }) => {
    heard.push(event.tag);
    data.push(event.data);
  }, () => onConnect?.(link));
  return { heard, data, link, say: (tag: string, body?: BusEvent["data"]) => say(link, tag, body) };
}

const range = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));

const KINDS: readonly {
  readonly name: string;
  readonly open: () => Disposable & { exchange(): Exchange | ProcessExchange };
}[] = [
  {
    name: "localExchange()",
    open: () => {
      const exchange = localExchange();
      return { exchange: () => exchange, [Symbol.dispose]: () => {} };
    },
  },
  { name: "processExchange()", open: () => new Sockets() },
];

for (const { name, open } of KINDS) {
  test(`${name} carries messages both ways, in order, each role's on its own link, never from inside a send`, async () => {
    using place = open();
    const hub = new Echo();
    await using _hub = await place.exchange().serve("EventPublisher", hub.onLink);
    const [one, two] = [talk(place.exchange()), talk(place.exchange())];
    for (let i = 0; i < 50; i++) {
      one.say(`one ${i}`);
      two.say(`two ${i}`);
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    one.say("last");
    const before = hub.heard.length;
    assert.ok(!hub.heard.includes("last"));
    await until("all answers", () => one.heard.length === 51 && two.heard.length === 50);
    assert.ok(hub.heard.length > before);
    assert.deepEqual(one.heard, [...range(50, (i) => `one ${i}`), "last"]);
    assert.deepEqual(two.heard, range(50, (i) => `two ${i}`));
    one.link[Symbol.dispose]();
    two.link[Symbol.dispose]();
  });

  test(`${name} holds what is sent before the hub is there, and onConnect's words come before it`, async () => {
    using place = open();
    const hub = new Echo();
    const role = talk(place.exchange(), (link) => say(link, "hello"));
    role.say("early 1");
    await new Promise((resolve) => setTimeout(resolve, 5));
    role.say("early 2");
    await using _hub = await place.exchange().serve("EventPublisher", hub.onLink);
    await until("the answers", () => role.heard.length === 3);
    assert.deepEqual(hub.heard, ["hello", "early 1", "early 2"]);
    role.link[Symbol.dispose]();
  });

  test(`${name} connects again to a hub that comes back: onConnect first, then what waited, nothing twice`, async () => {
    using place = open();
    const [first, second] = [new Echo(), new Echo()];
    const exchange = place.exchange();
    const hub = await exchange.serve("EventPublisher", first.onLink);
    let connections = 0;
    const own = place.exchange();
    const role = talk(own, (link) => say(link, `hello ${++connections}`));
    role.say("a");
    await until("the answer", () => role.heard.includes("a"));
    if ("settled" in own) await own.settled(); // else it may be processed twice: at least once
    await hub[Symbol.asyncDispose]();
    role.say("meanwhile 1");
    await new Promise((resolve) => setTimeout(resolve, 5));
    role.say("meanwhile 2");
    await using _hub = await exchange.serve("EventPublisher", second.onLink);
    await until("the rest", () => role.heard.includes("meanwhile 2"));
    assert.deepEqual(second.heard, ["hello 2", "meanwhile 1", "meanwhile 2"]);
    assert.equal(connections, 2);
    role.link[Symbol.dispose]();
  });

  test(`${name} delivers what was sent before a dispose, then says closed() once, and nothing goes either way`, async () => {
    using place = open();
    const hub = new Echo();
    await using _hub = await place.exchange().serve("EventPublisher", hub.onLink);
    const role = talk(place.exchange());
    role.say("a");
    await until("the link", () => role.heard.length === 1);
    role.say("b");
    role.link[Symbol.dispose]();
    role.say("c");
    role.link[Symbol.dispose]();
    await until("the end", () => hub.heard.includes("-"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(hub.heard, ["a", "b", "-"]);
    assert.deepEqual(role.heard, ["a"]);
  });

  test(`${name} carries 5 MiB in one message, and 20,000 small ones, whole and in order`, async () => {
    using place = open();
    const hub = new Echo();
    await using _hub = await place.exchange().serve("EventPublisher", hub.onLink);
    const role = talk(place.exchange());
    const bytes = Uint8Array.from({ length: 5 * MIB }, (_, i) => i * 31 + (i >> 8));
    role.say("large", { bytes });
    for (let i = 0; i < 20_000; i++) {
      role.say(`small ${i}`, { bytes: new TextEncoder().encode(`${i}`) });
      if (i % 997 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await until("all of it", () => role.heard.length === 20_001, 20_000);
    assert.deepEqual(hub.heard, ["large", ...range(20_000, (i) => `small ${i}`)]);
    assert.deepEqual(role.heard, hub.heard);
    // Kept until now: what is in a message is not changed by those that come after it.
    for (const { data } of [hub, role]) {
      const [large, ...small] = data.map(({ bytes }) => bytes as Uint8Array);
      assert.equal(large?.length, 5 * MIB);
      assert.ok(large?.every((byte, i) => byte === bytes[i]));
      assert.ok(small.every((text, i) => new TextDecoder().decode(text) === `${i}`));
    }
    role.link[Symbol.dispose]();
  });
}

test("localExchange() opens a hub once at a time", async () => {
  const exchange = localExchange();
  const hub = await exchange.serve("EventPublisher", new Echo().onLink);
  await assert.rejects(exchange.serve("EventPublisher", new Echo().onLink), /it is open already/);
  await hub[Symbol.asyncDispose]();
  await exchange.serve("EventPublisher", new Echo().onLink);
});

// --- what only processes do to one another ---

/** A hub that reads and says no more than it is told to: as one that is about to die. */
class MuteHub implements AsyncDisposable {
  readonly frames: { number: number; messages: readonly ToQueue[] }[] = [];
  #stream: LocalStream | undefined;
  #pieces: Uint8Array[] = [];
  #held = 0;
  #wanted = 4;
  #server: AsyncDisposable | undefined;

  static async listen(path: string): Promise<MuteHub> {
    const hub = new MuteHub();
    hub.#server = await listenLocal(path, (stream) => {
      hub.#stream = stream;
      return { onData: (bytes) => hub.#take(bytes), onClose: () => {} };
    });
    return hub;
  }

  get tags(): string[] {
    return this.frames.flatMap(({ messages }) =>
      messages.map((message) => "id" in message ? message.id : message.kind)
    );
  }

  /** "Processed up to here." */
  confirm(number: number): void {
    const payload = encode([number, null]);
    const frame = new Uint8Array(4 + payload.length);
    new DataView(frame.buffer).setUint32(0, payload.length);
    frame.set(payload, 4);
    this.#stream?.write(frame);
  }

  /** As kill -9 does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  #take(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    if (this.#held < this.#wanted) return;
    const whole = Buffer.concat(this.#pieces);
    let offset = 0;
    this.#wanted = 4;
    while (whole.length - offset >= this.#wanted) {
      this.#wanted = 4 + whole.readUInt32BE(offset);
      if (whole.length - offset < this.#wanted) break;
      const [number, messages] = decodeTrusted(whole.slice(offset + 4, offset + this.#wanted)) as [number, ToQueue[]];
      this.frames.push({ number, messages });
      offset += this.#wanted;
      this.#wanted = 4;
    }
    this.#pieces = [whole.subarray(offset)];
    this.#held = whole.length - offset;
  }
}

const order = (id: string): ToQueue => ({ kind: "request", id, message: new Uint8Array(0) });

test("processExchange() gives a hub's successor what was not confirmed, in order, after a greeting of its own", async () => {
  using sockets = new Sockets();
  let hub = await MuteHub.listen(sockets.path("queue"));
  let greetings = 0;
  const link: Link<ToQueue> = sockets.exchange().connect(
    "MWorkerQueue",
    () => {},
    () => link.send(order(`hello ${++greetings}`)),
  );
  for (const id of ["a", "b", "c"]) {
    link.send(order(id));
    await until(id, () => hub.tags.includes(id));
  }
  assert.deepEqual(hub.tags, ["hello 1", "a", "b", "c"]);
  hub.confirm(hub.frames[1]?.number ?? 0); // the greeting, and a
  await new Promise((resolve) => setTimeout(resolve, 50));
  await hub[Symbol.asyncDispose]();
  link.send(order("d"));
  hub = await MuteHub.listen(sockets.path("queue"));
  await until("the rest", () => hub.tags.includes("d"));
  assert.deepEqual(hub.tags, ["hello 2", "b", "c", "d"]);

  // It dies again and has confirmed nothing: the same again, and the greeting that it had is not repeated.
  await hub[Symbol.asyncDispose]();
  const heard: string[] = [];
  await using _hub = await sockets.exchange().serve("MWorkerQueue", () => ({
    receive: (message) => void heard.push("id" in message ? message.id : message.kind),
    closed: () => {},
  }));
  await until("all of it", () => heard.length === 4);
  assert.deepEqual(heard, ["hello 3", "b", "c", "d"]);
  link[Symbol.dispose]();
});

test("processExchange() drops events that a hub does not take, tells how many, and gives up on other links", async () => {
  using sockets = new Sockets();
  const exchange = sockets.exchange();
  await using events = await MuteHub.listen(sockets.path("events"));
  await using _queue = await MuteHub.listen(sockets.path("queue"));
  const droppable = exchange.connect("EventPublisher", () => {});
  const strict = exchange.connect("MWorkerQueue", () => {});
  const body = new Uint8Array(8 * MIB);
  const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
  for (let i = 0; i < 12; i++) {
    droppable.send({ kind: "emit", tag: `${i}`, data: { body } });
    await turn();
    strict.send({ kind: "request", id: `${i}`, message: body });
    await turn();
  }
  assert.deepEqual([...new Set(sockets.overflows)], ["MWorkerQueue"]);
  assert.deepEqual(sockets.dropped, [], "not before the hub reads again");
  await until("the first eight", () => events.frames.length === 8, 20_000);
  events.confirm(events.frames.at(-1)?.number ?? 0);
  await until("the count", () => sockets.dropped.length > 0);
  assert.deepEqual(sockets.dropped, [["EventPublisher", 4]]);
  droppable.send({ kind: "emit", tag: "again", data: {} });
  await until("the next", () => events.frames.length === 9);
  droppable[Symbol.dispose]();
  strict[Symbol.dispose]();
});

/** A role that is connected and does not read. */
async function deafRole(path: string): Promise<Socket> {
  const socket = connect(path).pause();
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return socket;
}

test("processExchange() drops events for a role that does not read, and tells how many when it does", async () => {
  using sockets = new Sockets();
  let link: Link<{ kind: "event"; event: BusEvent }> | undefined;
  await using _hub = await sockets.exchange().serve("EventPublisher", (own) => {
    link = own;
    return { receive: () => {}, closed: () => {} };
  });
  const role = await deafRole(sockets.path("events"));
  await until("the link", () => link);
  const event = (tag: string) => ({ sequence: 1, tag, at: 0, data: { body: new Uint8Array(8 * MIB) } });
  for (let i = 0; i < 12; i++) {
    link?.send({ kind: "event", event: event(`${i}`) });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.deepEqual(sockets.dropped, []);
  role.on("data", () => {}).resume();
  await until("the count", () => {
    link?.send({ kind: "event", event: { sequence: 1, tag: "small", at: 0, data: {} } });
    return sockets.dropped.length > 0;
  });
  const [hub, count] = sockets.dropped[0] ?? [];
  assert.equal(hub, "EventPublisher");
  assert.ok(count !== undefined && count >= 2, `${count}`);
  role.destroy();
});

test("processExchange() ends the link of a worker that does not read, so that its work goes to another", async () => {
  using sockets = new Sockets();
  const state = { closed: 0 };
  let link: Link<unknown> | undefined;
  await using _hub = await sockets.exchange().serve("MWorkerQueue", (own) => {
    link = own as Link<unknown>;
    return { receive: () => {}, closed: () => void state.closed++ };
  });
  const role = await deafRole(sockets.path("queue"));
  await until("the link", () => link);
  for (let i = 0; i < 12; i++) {
    link?.send({ kind: "reply", message: new Uint8Array(8 * MIB) });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await until("the end", () => state.closed);
  assert.equal(state.closed, 1);
  role.destroy();
});

test("ProcessExchange.settled() asks hubs that are there what they have processed, and waits for no others", async () => {
  using sockets = new Sockets();
  const exchange = sockets.exchange();
  await using events = await MuteHub.listen(sockets.path("events"));
  const link = exchange.connect("EventPublisher", () => {});
  link.send({ kind: "emit", tag: "first", data: {} });
  await until("the link", () => events.frames.length === 1);
  const absent = exchange.connect("MWorkerQueue", () => {});
  absent.send(order("nobody hears this"));
  link.send({ kind: "emit", tag: "last", data: { body: new Uint8Array(MIB) } });
  let isSettled = false;
  const settled = exchange.settled().then(() => isSettled = true);
  await until("what was sent, and the question", () => events.frames.length === 3);
  assert.deepEqual(events.frames.map(({ number, messages }) => [number, messages?.length]), [[1, 1], [2, 1], [
    0,
    undefined,
  ]]);
  assert.equal(isSettled, false);
  events.confirm(2);
  await settled;
  link[Symbol.dispose]();
  absent[Symbol.dispose]();
});
