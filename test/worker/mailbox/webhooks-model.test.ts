import fc from "fast-check";
import { expect, test } from "vitest";
import type { CorrelationId } from "../../../worker/correlation-id.ts";
import type { ProduceBatches } from "../../../worker/mailbox/produce-batches.ts";
import { KEEP_DELIVERY_MS } from "../../../worker/webhooks/delivery.ts";
import type { AttemptResult, SendWebhook } from "../../../worker/webhooks/webhook.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createTestKv, dropTables, openMailbox } from "../support/mailbox.ts";
import type { TestStorage } from "../support/test-host.ts";
import { idsAt, keyOf, replyFor } from "../support/worker.ts";

/** What an attempt comes to: what the mailbox hears, if it lives to hear it. */
const anyFate = fc.constantFrom(
  ...([
    { outcome: "delivered", status: 200 },
    { outcome: "delivered", status: 204 },
    { outcome: "failed", reason: "It answered 503.", status: 503, retryAfterMs: 7_000 },
    { outcome: "failed", reason: "The connection failed." },
    "crash",
    "delivered, and crash",
  ] as const),
);

const anyStep = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("send" as const), hasKey: fc.boolean(), isStored: fc.boolean(), isFailing: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("reply" as const), which: fc.nat(9), isFailing: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("pass" as const), seconds: fc.constantFrom(1, 6, 95, 400, 3_700) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("fates" as const), fates: fc.array(anyFate, { maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.constantFrom({ kind: "restart" as const }, { kind: "disk" as const }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;
type Fate = typeof anyFate extends fc.Arbitrary<infer Value> ? Value : never;

const promisesSettle = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve();
};

const simulate = async (storage: TestStorage, steps: readonly Step[]): Promise<void> => {
  dropTables(storage);
  let now = Date.parse("2026-06-01T12:00:00Z");
  const { kv } = createTestKv();
  const ids = idsAt(() => now);
  /** What Kafka has, and what was answered of it. */
  const sent = new Set<string>();
  /** By correlation ID, the `webhook-id` of each attempt that arrived, and what it said. */
  const received = new Map<string, string[]>();
  const delivered = new Set<string>();
  let fates: Fate[] = [];
  let isDiskFull = false;
  let life = 0;
  let alarm: number | null = null;

  const open = () => {
    const own = ++life;
    const send: SendWebhook = async (_url, { id, type, data }): Promise<AttemptResult> => {
      const fate = fates.shift() ?? { outcome: "delivered", status: 200 };
      if (own !== life || fate === "crash") return new Promise(() => {});
      received.set(data.correlationId, [...(received.get(data.correlationId) ?? []), `${id} ${type}`]);
      if (fate === "delivered, and crash") return new Promise(() => {});
      if (fate.outcome === "delivered") delivered.add(data.correlationId);
      return fate;
    };
    const produce: ProduceBatches["produce"] = async ({ value, key: isStored }) =>
      isStored === "stored" ? (sent.add(value), { outcome: "stored", metadata: undefined }) : { outcome: "unavailable", detail: "Away." };
    const refuse = (): void => {
      if (own !== life || isDiskFull) throw new Error("The disk is full");
    };
    return openMailbox(storage, {
      kv,
      now: () => now,
      batches: { produce },
      webhooks: { send },
      transaction: (run) => {
        refuse();
        return storage.transactionSync(run);
      },
      alarm: {
        get: async () => alarm,
        set: async (at) => void (own === life && (alarm = at)),
        clear: async () => void (own === life && (alarm = null)),
      },
    }).mailbox;
  };
  let mailbox = open();
  const made: CorrelationId[] = [];

  /** Lets time pass as the host does, which rings when the alarm is due. */
  const pass = async (ms: number): Promise<void> => {
    const until = now + ms;
    await promisesSettle();
    while (alarm !== null && alarm <= until) {
      now = Math.max(now, alarm);
      alarm = null;
      await mailbox.ring();
      await promisesSettle();
    }
    now = until;
  };
  /** An alarm may ring late; this one rings seldom, so that weeks pass quickly. */
  const ringAfter = async (ms: number): Promise<void> => {
    now += ms;
    if (alarm === null) return;
    alarm = null;
    await mailbox.ring();
    await promisesSettle();
  };
  const isIn = (id: CorrelationId): boolean => sent.has(id.text);

  for (const step of steps) {
    if (step.kind === "pass") await pass(step.seconds * 1_000);
    else if (step.kind === "fates") fates = [...step.fates];
    else if (step.kind === "disk") isDiskFull = !isDiskFull;
    else if (step.kind === "restart") {
      mailbox = open();
      alarm ??= now;
    } else if (step.kind === "send") {
      const id = await ids.create({ shard: 0, deadlineSeconds: 30, retentionSeconds: 3_600 });
      made.push(id);
      const record = { topic: "requests", value: id.text, headers: [], ...(step.isStored && { key: "stored" }) };
      const claim = step.hasKey ? { name: id.text, request: "sum" } : undefined;
      const webhook = { url: "https://receiver.example/hook", origin: "https://api.example", operation: "sum" };
      const result = await mailbox.publish(keyOf(id), record, 0, undefined, claim, webhook);
      if (result.outcome === "stored") expect(isIn(id)).toBe(true);
    } else {
      const id = made[step.which];
      if (id === undefined || !isIn(id)) continue;
      if (step.kind === "reply") await mailbox.write([replyFor(id, { state: step.isFailing ? "failed" : "succeeded" })]).catch(() => {});
      else await mailbox.cancel(keyOf(id)).catch(() => {});
    }
    await promisesSettle();
  }

  // Everything comes back, and stays: what is in Kafka ends, and is told.
  isDiskFull = false;
  fates = [];
  mailbox = open();
  alarm ??= now;
  for (let hour = 0; hour < 80; hour++) await ringAfter(3_600_000);
  for (const text of sent) {
    const told = received.get(text) ?? [];
    expect(delivered).toContain(text);
    // One event, however often it was sent.
    expect(new Set(told).size).toBe(1);
  }
  // Nobody is told of what was never sent, except where the storage could not take it back.
  for (const ms of [2 * KEEP_DELIVERY_MS, 3_600_000, 3_600_000]) await ringAfter(ms);
  expect(
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'webhooks'").toArray().length === 0 || countRows(storage) === 0,
  ).toBe(true);
  expect(alarm).toBeNull();
};

const countRows = ({ sql }: TestStorage): number => sql.exec("SELECT 1 FROM webhooks").toArray().length;

test("every request that was sent tells its end by one webhook-id, whatever crashes, fails or is full", { timeout: 60_000 }, async () => {
  await host.inStorage((storage) =>
    fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 14 }), (steps) => simulate(storage, steps)),
      { numRuns: 60 },
    ),
  );
});
