import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isTerminal, type ReplyState } from "../../../protocol/states.ts";
import { createArchive, type KeyValueStore } from "../../../worker/archive.ts";
import { createMailbox } from "../../../worker/mailbox/mailbox.ts";
import type { Producer } from "../../../worker/producer.ts";
import { createProduceBatches } from "../../../worker/mailbox/produce-batches.ts";
import { createRows } from "../../../worker/mailbox/rows.ts";
import { createWaiters } from "../../../worker/mailbox/waiters.ts";
import type { StoredStatus } from "../../../worker/status-store.ts";
import { createId, replyFor, keyOf, mailboxOf } from "../support/worker.ts";

type Step =
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "deliver"; readonly state: ReplyState; readonly replyId: string }
  | { readonly kind: "read" | "sweep" | "restart" | "kv-fails" | "kv-works" };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(1, 20, 61, 301, 3_601) }),
  fc.record({
    kind: fc.constant("deliver" as const),
    state: fc.constantFrom<ReplyState>("processing", "succeeded", "failed", "expired"),
    replyId: fc.uuid(),
  }),
  fc.record({ kind: fc.constantFrom("read" as const, "sweep" as const, "restart" as const, "kv-fails" as const, "kv-works" as const) }),
);

/** A mailbox with a clock of its own over real storage, and over a KV that can fail. */
const simulate = async (storage: DurableObjectStorage, steps: readonly Step[]): Promise<void> => {
  const id = await createId({ retentionSeconds: 86_400 });
  const key = keyOf(id);
  let now = id.createdAt;
  let kvFails = false;
  const values = new Map<string, string>();
  const kv: KeyValueStore = {
    get: async (name) => (kvFails ? Promise.reject(new Error("KV is away")) : (values.get(name) ?? null)),
    put: async (name, value) => (kvFails ? Promise.reject(new Error("KV is away")) : void values.set(name, value)),
  };
  const noProducer: Producer = {
    name: "none",
    limits: { maxBatchRecords: 1, maxBatchBytes: 1 },
    produce: async () => [],
    check: async () => [],
  };
  const open = () =>
    createMailbox({
      rows: createRows(storage.sql),
      archive: createArchive(kv),
      batches: createProduceBatches({ producer: noProducer }),
      waiters: createWaiters(),
      mailboxRetentionMs: 3_600_000,
      transaction: (run) => storage.transactionSync(run),
      alarm: { get: () => storage.getAlarm(), set: (atMs) => storage.setAlarm(atMs + 1e12), clear: () => storage.deleteAlarm() },
      now: () => now,
      logError: () => {},
    });
  let mailbox = open();
  let shown: StoredStatus | undefined;
  let stored: string | undefined;
  let late: string | undefined;

  for (const step of steps) {
    if (step.kind === "wait") now = Math.min(now + step.seconds * 1_000, id.expiresAt - 120_000);
    else if (step.kind === "restart") mailbox = open();
    else if (step.kind === "sweep") await mailbox.sweep();
    else if (step.kind === "kv-fails" || step.kind === "kv-works") kvFails = step.kind === "kv-fails";
    else if (step.kind === "deliver") {
      const [outcome] = await mailbox.write([replyFor(id, { key, state: step.state, replyId: step.replyId, body: `"${step.replyId}"` })]);
      if (outcome === "stored" && isTerminal(step.state)) {
        expect(stored, "a second terminal reply was stored").toBeUndefined();
        expect(shown?.state ?? "accepted", "a reply was stored after its request had ended").toMatch(/accepted|processing/);
        stored = step.replyId;
      }
      if (outcome === "late" && (step.state === "succeeded" || step.state === "failed")) late ??= step.replyId;
    } else {
      const status = await mailbox.read(key, 0).catch(() => "unreadable" as const);
      if (status === "unreadable" || status === "overloaded") continue;
      if (stored !== undefined) expect(status?.body).toBe(`"${stored}"`);
      if (shown !== undefined && isTerminal(shown.state)) {
        expect([status?.state, status?.body]).toEqual([shown.state, shown.body]);
        if (shown.lateReply !== null) expect(status?.lateReply).toBe(shown.lateReply);
        if (late === undefined) expect(status).toMatchObject({ version: shown.version, lateReply: null });
      }
      if (late !== undefined) expect(status?.lateReply).toContain(late);
      expect(status?.version ?? 0).toBeGreaterThanOrEqual(shown?.version ?? 0);
      shown = status;
    }
  }
};

test("a state that was shown never changes back and the first late reply is kept, through restarts, archiving and a KV that fails", async () => {
  await runInDurableObject(mailboxOf({ shard: 500 }), async (_, { storage }) => {
    const histories = fc.array(anyStep, { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(histories, (steps) => simulate(storage, steps)),
      { numRuns: 150 },
    );
  });
});
