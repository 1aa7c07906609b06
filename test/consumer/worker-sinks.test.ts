import { createServer, request as forward } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Cancellations, createCancellations } from "../../consumer/cancellations.ts";
import type { ReadLag } from "../../consumer/sinks/link-session.ts";
import { createMailboxClock } from "../../consumer/mailbox-clock.ts";
import { createReplies } from "../../consumer/replies.ts";
import { workerSinks } from "../../consumer/sinks/worker.ts";
import { createWorkerDelivery } from "../../consumer/worker-delivery.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { createRecordedLog } from "./log.ts";
import { HELLO, REPLY_HMAC, REPLY_SECRET } from "./process.ts";
import { NO_ANSWER, type ReplyReceiverOptions, startReplyReceiver } from "./reply-receiver.ts";
import { newCorrelationId } from "./requests.ts";

const replies = createReplies({ source: "/consumer/test" });
const to = (shard: number) => ({ correlationId: newCorrelationId(shard), operation: "sum" });
const newReply = (shard = 0) => replies.succeeded(to(shard), { sum: 5 });

type SetUp = Partial<ReplyReceiverOptions> & {
  readonly cancellations?: Cancellations;
  readonly readLag?: ReadLag;
  readonly time?: Time;
  readonly maxWaitingBytes?: number;
  readonly proxy?: typeof stripUpgrades;
};

/** A Worker, and the deliveries to its shards. */
const setUp = async ({ time = systemTime, maxWaitingBytes = 1_000_000, proxy, cancellations, readLag, ...options }: SetUp = {}) => {
  const receiver = await startReplyReceiver({ secret: REPLY_SECRET, ...options });
  const url = proxy === undefined ? receiver.url : await proxy(receiver.url);
  const log = createRecordedLog();
  const clock = createMailboxClock({ time, log });
  const sinks = workerSinks({ url, hmac: REPLY_HMAC, hello: HELLO, clock, cancellations, readLag, log, time, random: () => 1 });
  const delivery = createWorkerDelivery({ sinks, replies, log, maxWaitingBytes, time, random: () => 1 });
  onTestFinished(async () => {
    delivery.close();
    await sinks.close();
    await receiver.close();
  });
  const said = (level: string) => log.lines.filter((line) => line.level === level).map(({ msg, reason }) => [msg, reason]);
  return { receiver, delivery, sinks, clock, said };
};

/** A proxy that knows nothing of upgrades: it passes a handshake on as any other GET. Resolves to its URL. */
const stripUpgrades = async (target: string): Promise<string> => {
  const proxy = createServer((incoming, outgoing) => {
    const { connection: _, upgrade: __, ...headers } = incoming.headers;
    const onward = forward(target + incoming.url, { method: incoming.method, headers }, (answered) => {
      outgoing.writeHead(incoming.method === "GET" ? 200 : (answered.statusCode ?? 500));
      answered.pipe(outgoing);
    });
    incoming.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
};

const DOWN = "a link to the mailbox is down, and replies go by POST meanwhile";

test("the first request to a shard opens its link, and its reply travels over it", async () => {
  const { receiver, delivery } = await setUp();
  await delivery.room(to(2));
  await receiver.until(() => receiver.links.length === 1);
  expect(await delivery.deliver(newReply(2))).toBe(true);
  expect(receiver.batches).toMatchObject([{ way: "link" }]);
  expect(receiver.links).toMatchObject([{ shard: 2 }]);
});

test("a reply that is there before its link waits for it instead of being posted", async () => {
  const { receiver, delivery } = await setUp();
  await Promise.all([0, 1, 2].map((shard) => delivery.deliver(newReply(shard))));
  expect(receiver.batches.map(({ way }) => way)).toEqual(["link", "link", "link"]);
});

test.each([200, 301, 400, 403, 404, 405, 426, 501])(
  "where an upgrade is answered with %i, replies are posted, with one line in the log, until a link can be opened",
  async (handshakeStatus) => {
    const time = createManualTime(Date.now());
    const { receiver, delivery, said } = await setUp({ handshakeStatus, time });
    await Promise.all([0, 1, 2].map((shard) => delivery.deliver(newReply(shard))));
    expect(receiver.batches.map(({ way }) => way)).toEqual(["POST", "POST", "POST"]);
    expect(said("warn")).toEqual([[DOWN, `the handshake was answered with ${handshakeStatus}`]]);
    await time.elapse(299_000);
    expect(receiver.handshakes).toBe(3);

    receiver.answerHandshakes(101);
    await time.elapse(1_000);
    await receiver.until(() => receiver.links.length === 3);
    await Promise.all([0, 1, 2].map((shard) => delivery.deliver(newReply(shard))));
    expect(receiver.batches.slice(3).map(({ way }) => way)).toEqual(["link", "link", "link"]);
    expect(said("info")).toEqual([["the links to the mailbox are open again", undefined]]);
  },
);

test("through a proxy that knows nothing of upgrades, replies are posted", async () => {
  const { receiver, delivery, said } = await setUp({ proxy: stripUpgrades });
  expect(await delivery.deliver(newReply())).toBe(true);
  expect(receiver.batches).toMatchObject([{ way: "POST" }]);
  expect(said("warn")).toEqual([[DOWN, "the handshake was answered with 200"]]);
});

test("while a mailbox takes no more links, replies are posted, and the link is tried again soon", async () => {
  const { receiver, delivery, said } = await setUp({ handshakeStatus: 503 });
  expect(await delivery.deliver(newReply())).toBe(true);
  expect(receiver.batches).toMatchObject([{ way: "POST" }]);
  expect(said("warn")).toEqual([[DOWN, "the handshake was answered with 503"]]);
  receiver.answerHandshakes(101);
  await receiver.until(() => receiver.links.length === 1);
  await delivery.deliver(newReply());
  expect(receiver.batches[1]).toMatchObject({ way: "link" });
});

test("a handshake that is never answered does not hold up replies for longer than a few seconds", async () => {
  const time = createManualTime(Date.now());
  const { receiver, delivery, said } = await setUp({ handshakeStatus: NO_ANSWER, time, now: time.now });
  const delivered = delivery.deliver(newReply());
  await receiver.until(() => receiver.handshakes === 1);
  await time.elapse(5_000);
  expect(await delivered).toBe(true);
  expect(receiver.batches).toMatchObject([{ way: "POST" }]);
  expect(said("warn")).toEqual([[DOWN, "the handshake was not answered within 5000 ms"]]);
});

test("records that name ever more shards open 64 links, and the replies of further shards are posted together", async () => {
  const { receiver, delivery } = await setUp();
  const shards = Array.from({ length: 1_000 }, (_, shard) => shard);
  await Promise.all(shards.map((shard) => delivery.deliver(newReply(shard))));
  expect(receiver.stored.size).toBe(1_000);
  expect(receiver.handshakes).toBe(64);
  expect(receiver.batches.filter(({ way }) => way === "POST").map((batch) => batch.replies.length)).toEqual([500, 436]);
});

test("a shard that does not answer slows no other shard", async () => {
  const { receiver, delivery } = await setUp();
  const stuck = newReply(1);
  receiver.misbehaveOnLinks((_, __, given) => given.some(({ id }) => id === stuck.id));
  let isThere = false;
  void delivery.deliver(stuck).then(() => (isThere = true));
  await Promise.all(Array.from({ length: 20 }, () => delivery.deliver(newReply(2))));
  expect(isThere).toBe(false);
});

test("the replies that wait for any shard count together against the memory that they may take", async () => {
  const { receiver, delivery } = await setUp({ maxWaitingBytes: 500 });
  receiver.fail("silent");
  for (const shard of [1, 2]) void delivery.deliver(newReply(shard));
  await receiver.until(() => receiver.batches.length === 2);
  let hasRoom = false;
  const room = delivery.room(to(3)).then(() => (hasRoom = true));
  await receiver.until(() => receiver.links.length === 3);
  expect(hasRoom).toBe(false);
  receiver.fail(undefined);
  for (const { socket } of receiver.links) socket.terminate();
  await room;
});

test("a link that breaks again and again loses no reply, and keeps the news of a handler before its reply", async () => {
  const { receiver, delivery } = await setUp();
  let frames = 0;
  receiver.misbehaveOnLinks((socket) => {
    if (++frames % 10 !== 0) return false;
    socket.terminate();
    return true;
  });
  const requests = Array.from({ length: 500 }, () => to(0));
  const work = async (addressee: (typeof requests)[number]): Promise<unknown> => {
    void delivery.deliver(replies.processing(addressee));
    await new Promise((resolve) => setImmediate(resolve));
    return delivery.deliver(replies.succeeded(addressee, { sum: 5 }));
  };
  for (let first = 0; first < requests.length; first += 5) await Promise.all(requests.slice(first, first + 5).map(work));
  expect(receiver.handshakes).toBeGreaterThanOrEqual(10);
  expect(receiver.stored.size).toBe(500);
  for (const { correlationId } of requests) {
    const states = receiver.arrived.filter((reply) => reply.correlationId === correlationId).map(({ state }) => state);
    expect(states.toSorted()).toEqual(states);
    expect(new Set(states)).toEqual(new Set(["processing", "succeeded"]));
  }
});

test("chunks arrive in their order and before the reply, however often the link breaks", async () => {
  const { receiver, delivery } = await setUp();
  let frames = 0;
  receiver.misbehaveOnLinks((socket) => {
    if (++frames % 7 !== 0) return false;
    socket.terminate();
    return true;
  });
  const addressee = to(0);
  const chunks = Array.from({ length: 100 }, (_, first) => replies.emitted(addressee, { execution: "one", first }, [first]));
  const delivered: Promise<boolean>[] = [];
  for (const chunk of chunks) {
    delivered.push(delivery.deliver(chunk));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([...delivered, delivery.deliver(replies.succeeded(addressee, "done"))]);
  const places = receiver.arrived.map(({ emitted, state }) => (state === "succeeded" ? chunks.length : emitted?.first));
  // What is sent again may come twice, but nothing comes before what it follows.
  const seen = new Set<number | undefined>();
  for (const place of places) {
    expect(place === 0 || seen.has((place ?? 0) - 1)).toBe(true);
    seen.add(place);
  }
  expect(seen.size).toBe(101);
});

describe("where handlers run", () => {
  test("links to all shards are open before the first request, and each consumer says that it takes news", async () => {
    const { receiver, sinks } = await setUp({ cancellations: createCancellations(), shards: 3 });
    await sinks.open();
    expect(receiver.links.map(({ shard }) => shard).toSorted()).toEqual([0, 1, 2]);
    expect(receiver.links).toMatchObject(Array.from({ length: 3 }, () => ({ hello: { takes: ["welcome", "cancel"] } })));
  });

  test("a consumer that can say how far it is behind lets itself be asked", async () => {
    const { receiver, sinks } = await setUp({ cancellations: createCancellations(), readLag: async () => [] });
    await sinks.open();
    expect(receiver.links).toMatchObject([{ hello: { takes: ["welcome", "cancel", "lag"] } }]);
  });

  test("a mailbox of more than 64 shards gets 64 links", async () => {
    const { receiver, sinks } = await setUp({ cancellations: createCancellations(), shards: 200 });
    await sinks.open();
    await receiver.until(() => receiver.links.length === 64);
    expect(receiver.handshakes).toBe(64);
  });

  test.each([-600_000, 600_000])(
    "a Worker whose clock is %i ms from ours is known before the first request, and told once",
    async (offMs) => {
      const { receiver, sinks, clock, said } = await setUp({
        cancellations: createCancellations(),
        shards: 4,
        now: () => Date.now() + offMs,
      });
      await sinks.open();
      expect(Math.abs(clock.time.now() - Date.now() - offMs)).toBeLessThan(5_000);
      await receiver.until(() => receiver.links.length === 4);
      expect(said("warn").filter(([message]) => String(message).startsWith("the Worker's clock differs"))).toHaveLength(1);
    },
  );

  test.each([101, 501, 503])(
    "a Worker that answers a handshake with %i, and never a hello, is not waited for long",
    async (handshakeStatus) => {
      const time = createManualTime(Date.now());
      const { receiver, sinks } = await setUp({ cancellations: createCancellations(), handshakeStatus, shards: 0, time });
      const opened = sinks.open();
      await receiver.until(() => receiver.handshakes === 1);
      if (handshakeStatus === 101) await time.elapse(2_000);
      await opened;
    },
  );

  test("what somebody wants to cancel is known before the first request", async () => {
    const cancellations = createCancellations();
    const { correlationId } = to(0);
    const { sinks } = await setUp({ cancellations, shards: 3, toCancel: [correlationId] });
    await sinks.open();
    expect(cancellations.has(correlationId)).toBe(true);
  });

  test("while no link can be opened, the Worker hears at least once a minute which operations are handled", async () => {
    const time = createManualTime(Date.now());
    const { receiver, sinks } = await setUp({ cancellations: createCancellations(), handshakeStatus: 501, time, now: time.now });
    await sinks.open();
    await receiver.until(() => receiver.announced.length === 1);
    await time.elapse(60_000);
    await receiver.until(() => receiver.announced.length === 2);
    expect(new Set(receiver.announced)).toEqual(new Set(["sum"]));
    receiver.answerHandshakes(101);
    await time.elapse(240_000);
    await receiver.until(() => receiver.links[0]?.hello !== undefined);
    const before = receiver.announced.length;
    await time.elapse(120_000);
    expect(receiver.announced).toHaveLength(before);
  });
});

test("a consumer that only relays opens no link before it has a reply, and asks for no news", async () => {
  const { receiver, sinks, delivery } = await setUp({ shards: 3 });
  await sinks.open();
  await delivery.deliver(newReply(2));
  expect(receiver.links).toMatchObject([{ shard: 2 }]);
  expect(receiver.links[0]?.hello).not.toHaveProperty("takes");
});
