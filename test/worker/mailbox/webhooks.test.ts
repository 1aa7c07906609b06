import { describe, expect, test } from "vitest";
import type { CorrelationId } from "../../../worker/correlation-id.ts";
import { JITTER, KEEP_DELIVERY_MS, PAUSES_MS } from "../../../worker/webhooks/delivery.ts";
import type { AttemptResult, SendWebhook, WebhookEvent } from "../../../worker/webhooks/webhook.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createTestKv, openMailbox, tablesOf, takesAll } from "../support/mailbox.ts";
import type { TestStorage } from "../support/test-host.ts";
import { idsAt, keyOf, replyFor } from "../support/worker.ts";

const START = Date.parse("2026-06-01T12:00:00Z");
const AWAY: AttemptResult = { outcome: "failed", reason: "The connection failed." };
const TAKEN: AttemptResult = { outcome: "delivered", status: 204 };

const promisesSettle = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve();
};

type Attempt = { readonly url: string; readonly event: WebhookEvent; readonly afterMs: number };

/** A mailbox with a clock of its own, whose alarm rings when it is due, and a receiver that answers as it is told. */
const open = (storage: TestStorage, answer: (attempt: Attempt) => AttemptResult | Promise<AttemptResult>) => {
  const clock = { now: START };
  const attempts: Attempt[] = [];
  const ids = idsAt(() => clock.now);
  const send: SendWebhook = async (url, event, atMs) => {
    const attempt = { url, event, afterMs: atMs - START };
    attempts.push(attempt);
    return answer(attempt);
  };
  const start = () => openMailbox(storage, { kv: createTestKv().kv, now: () => clock.now, batches: takesAll, webhooks: { send } });
  let opened = start();
  return {
    attempts,
    mailbox: () => opened.mailbox,
    alarm: () => opened.alarm(),
    /** Memory is lost, and the host calls the alarm as it does when it starts. */
    async restart() {
      opened = start();
      await opened.mailbox.ring();
      await promisesSettle();
    },
    async create({
      deadlineSeconds = 30,
      retentionSeconds = 3_600,
      url = "https://a.example/hook",
      keyId = undefined as string | undefined,
    } = {}) {
      const id = await ids.create({ shard: 0, deadlineSeconds, retentionSeconds });
      const webhook = { url, origin: "https://api.example", operation: "sum", ...(keyId !== undefined && { keyId }) };
      const record = { topic: "requests", value: "{}", headers: [] };
      expect(await opened.mailbox.publish(keyOf(id), record, 0, undefined, undefined, webhook)).toMatchObject({ outcome: "stored" });
      return id;
    },
    async end(...requests: readonly CorrelationId[]) {
      await opened.mailbox.write(requests.map((id) => replyFor(id)));
      await promisesSettle();
    },
    async pass(ms: number) {
      const until = clock.now + ms;
      await promisesSettle();
      for (let at = opened.alarm(); at !== null && at <= until; at = opened.alarm()) {
        clock.now = Math.max(clock.now, at);
        await opened.mailbox.ring();
        await promisesSettle();
      }
      clock.now = until;
    },
  };
};

const HOUR_MS = 3_600_000;

describe("a webhook that nobody takes", () => {
  test("is tried ten times in about 75 hours, also after the request's own retention, and is given up then", async () => {
    await host.inStorage(async (storage) => {
      const { create, end, pass, attempts, mailbox } = open(storage, () => AWAY);
      const id = await create({ retentionSeconds: 3_600 });
      await end(id);
      await pass(100 * HOUR_MS);
      expect(attempts).toHaveLength(PAUSES_MS.length + 1);
      for (const [index, { afterMs }] of attempts.entries()) {
        if (index === 0) expect(afterMs).toBe(0);
        const pause = afterMs - (attempts[index - 1]?.afterMs ?? 0);
        const least = PAUSES_MS[index - 1] ?? 0;
        expect(pause).toBeGreaterThanOrEqual(least);
        expect(pause).toBeLessThanOrEqual(least * (1 + JITTER) + 1_000);
      }
      expect(new Set(attempts.map(({ event }) => JSON.stringify(event))).size).toBe(1);
      expect(await mailbox().webhook(keyOf(id), "show")).toEqual({ state: "failed", attempts: 10, lastError: "The connection failed." });
    });
  });

  test("is kept a week, can be replayed until then, and leaves nothing behind", async () => {
    await host.inStorage(async (storage) => {
      let isAway = true;
      const { create, end, pass, attempts, mailbox, alarm } = open(storage, () => (isAway ? AWAY : TAKEN));
      const id = await create();
      await end(id);
      await pass(100 * HOUR_MS);
      isAway = false;
      expect(await mailbox().webhook(keyOf(id), "replay")).toMatchObject({ state: "pending", attempts: 0 });
      await promisesSettle();
      expect(await mailbox().webhook(keyOf(id), "show")).toEqual({ state: "delivered", attempts: 1, lastStatus: 204 });
      expect(new Set(attempts.map(({ event }) => event.id)).size).toBe(1);
      await pass(KEEP_DELIVERY_MS + HOUR_MS);
      expect(await mailbox().webhook(keyOf(id), "show")).toBeUndefined();
      expect(alarm()).toBeNull();
    });
  });

  test("is not tried before the receiver wants it", async () => {
    await host.inStorage(async (storage) => {
      const { create, end, pass, attempts } = open(storage, () =>
        attempts.length === 1 ? { outcome: "failed", reason: "Busy.", status: 429, retryAfterMs: 600_000 } : TAKEN,
      );
      await end(await create());
      await pass(599_000);
      expect(attempts).toHaveLength(1);
      await pass(70_000);
      expect(attempts).toHaveLength(2);
    });
  });

  test("goes on where it was after a restart", async () => {
    await host.inStorage(async (storage) => {
      const { create, end, pass, attempts, restart } = open(storage, () => (attempts.length < 3 ? AWAY : TAKEN));
      await end(await create());
      await pass(60_000);
      expect(attempts).toHaveLength(2);
      await restart();
      expect(attempts).toHaveLength(2);
      await pass(HOUR_MS);
      expect(attempts).toHaveLength(3);
    });
  });
});

test("a request that nobody answers and nobody asks for expires by itself, and is told", async () => {
  await host.inStorage(async (storage) => {
    const { create, pass, attempts } = open(storage, () => TAKEN);
    const id = await create({ deadlineSeconds: 30 });
    await pass(89_000);
    expect(attempts).toEqual([]);
    await pass(10_000);
    expect(attempts.map(({ event }) => [event.type, event.data.correlationId])).toEqual([["request.expired", id.text]]);
  });
});

test("a request that is sent again and ends again is another event, with a webhook-id of its own", async () => {
  await host.inStorage(async (storage) => {
    const { create, pass, attempts, mailbox, end } = open(storage, () => TAKEN);
    const id = await create();
    await mailbox().write([replyFor(id, { state: "failed" })]);
    await promisesSettle();
    await mailbox().redrive(keyOf(id), { topic: "requests", value: "{}", headers: [] });
    expect(await mailbox().webhook(keyOf(id), "replay")).toBe("not-ended");
    await end(id);
    await pass(1_000);
    expect(attempts.map(({ event }) => [event.id, event.type])).toEqual([
      [`wh_${id.text}`, "request.failed"],
      [`wh_${id.text}_2`, "request.succeeded"],
    ]);
  });
});

test("a receiver that hangs takes two of the attempts, and others are called meanwhile", async () => {
  await host.inStorage(async (storage) => {
    const { create, end, attempts } = open(storage, ({ url }) => (url.includes("slow") ? new Promise(() => {}) : TAKEN));
    const slow = await Promise.all(Array.from({ length: 10 }, () => create({ url: "https://slow.example/" })));
    const quick = await create({ url: "https://quick.example/" });
    await end(...slow, quick);
    expect(attempts.map(({ url }) => url).toSorted()).toEqual(["https://quick.example/", "https://slow.example/", "https://slow.example/"]);
  });
});

test("many that are due are sent a few at a time, until all have been", async () => {
  await host.inStorage(async (storage) => {
    let [underWay, most] = [0, 0];
    const { create, end, pass, attempts } = open(storage, async () => {
      most = Math.max(most, ++underWay);
      await promisesSettle();
      underWay--;
      return TAKEN;
    });
    const requests = await Promise.all(Array.from({ length: 60 }, (_, index) => create({ url: `https://r${index % 7}.example/` })));
    await end(...requests);
    for (let turn = 0; turn < 100; turn++) await promisesSettle();
    await pass(1_000);
    expect([attempts.length, most]).toEqual([60, 4]);
  });
});

test("the URL of an API key that answers 410 gets no more, not even of requests that had ended before, until a replay succeeds", async () => {
  await host.inStorage(async (storage) => {
    let answer: AttemptResult = { outcome: "gone", status: 410 };
    const { create, end, attempts, mailbox } = open(storage, () => answer);
    const [first, second, other] = [await create({ keyId: "k" }), await create({ keyId: "k" }), await create()];
    await end(first);
    await end(second, other);
    expect(attempts.map(({ event }) => event.data.correlationId)).toEqual([first.text, other.text]);
    expect(await mailbox().webhook(keyOf(second), "show")).toMatchObject({ state: "disabled", attempts: 0 });
    answer = TAKEN;
    await mailbox().webhook(keyOf(first), "replay");
    await promisesSettle();
    const third = await create({ keyId: "k" });
    await end(third);
    expect(await mailbox().webhook(keyOf(third), "show")).toMatchObject({ state: "delivered" });
  });
});

test("without Reply-To no table is made, and the end of a request runs not one statement more", async () => {
  await host.inStorage(async (storage) => {
    const statements: string[] = [];
    const sql: TestStorage["sql"] = {
      exec(query, ...values) {
        statements.push(query);
        return storage.sql.exec(query, ...values);
      },
    };
    const { mailbox } = openMailbox(storage, {
      kv: createTestKv().kv,
      now: () => START,
      batches: takesAll,
      webhooks: { send: async () => TAKEN },
      sql,
    });
    const id = await idsAt(() => START).create({ shard: 0, deadlineSeconds: 30, retentionSeconds: 3_600 });
    await mailbox.publish(keyOf(id), { topic: "requests", value: "{}", headers: [] }, 0);
    await mailbox.write([replyFor(id)]);
    await mailbox.read(keyOf(id), 0);
    expect(statements.filter((statement) => statement.includes("webhook"))).toEqual([]);
    expect(tablesOf(storage).filter((name) => name.includes("webhook"))).toEqual([]);
  });
});
