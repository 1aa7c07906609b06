import fc from "fast-check";
import { expect, test } from "vitest";
import { isTerminal, type ReplyState } from "../../../protocol/states.ts";
import { statusText } from "../../../worker/responses.ts";
import type { StoredStatus } from "../../../worker/status-store.ts";
import { viewStatus } from "../../../worker/status-view.ts";
import { createTestKv, dropTables, openMailbox, takesAll } from "../support/mailbox.ts";
import { createId, emitting, keyOf, replyFor } from "../support/worker.ts";
import type { TestStorage } from "../support/test-host.ts";
import { host } from "../hosts/cloudflare/test-host.ts";

type Runs = "first" | "second";
const anyRun = fc.constantFrom<Runs>("first", "second");
const anyStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("emit" as const), run: anyRun, count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("emit again" as const), run: anyRun, back: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("say" as const),
      attempt: fc.integer({ min: 1, max: 3 }),
      progress: fc.option(fc.nat(9), { nil: undefined }),
      nextAttemptAt: fc.option(fc.constant(1_000), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("cancel" as const, "restart" as const, "fail" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("end" as const), state: fc.constantFrom<ReplyState>("succeeded", "failed", "cancelled") }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "redrive" as const }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

/** Two runs of a handler report the same request, each in its order, and may send again what they have sent. */
const live = async (storage: TestStorage, steps: readonly Step[]): Promise<void> => {
  dropTables(storage);
  const id = await createId();
  const key = keyOf(id);
  let fails = false;
  let wasRedriven = false;
  const transaction = <Result>(run: () => Result): Result =>
    storage.transactionSync(() => {
      const result = run();
      if (fails) throw new Error("The disk is full");
      return result;
    });
  const open = () => openMailbox(storage, { kv: createTestKv().kv, now: () => id.createdAt, transaction, batches: takesAll }).mailbox;
  let mailbox = open();
  const emitted: Record<Runs, number> = { first: 0, second: 0 };
  const texts = (run: Runs, from: number, to: number) => Array.from({ length: to - from }, (_, index) => `"${run}${from + index}"`);
  let shown: { readonly version: number; readonly text: string; readonly status: StoredStatus | undefined } | undefined;

  for (const step of steps) {
    fails = step.kind === "fail";
    if (step.kind === "restart") mailbox = open();
    else if (step.kind === "emit") {
      const from = emitted[step.run];
      const to = from + step.count;
      const [outcome] = await mailbox.write([emitting(id, step.run, from, texts(step.run, from, to))]);
      expect(outcome, "a chunk was refused").toMatch(/stored|duplicate/);
      emitted[step.run] = to;
    } else if (step.kind === "emit again") {
      const to = emitted[step.run];
      const from = Math.max(to - step.back, 0);
      const outcomes = from < to ? await mailbox.write([emitting(id, step.run, from, texts(step.run, from, to))]) : ["duplicate"];
      // What came after the end counts if the request is sent again.
      if (!wasRedriven) expect(outcomes).toEqual(["duplicate"]);
    } else if (step.kind === "say") {
      const { attempt, progress, nextAttemptAt } = step;
      const news = { ...(progress === undefined ? {} : { progress: String(progress) }), ...(nextAttemptAt && { nextAttemptAt }) };
      await mailbox.write([replyFor(id, { state: "processing", body: null, attempt, news })]);
    } else if (step.kind === "cancel") await mailbox.cancel(key);
    else if (step.kind === "end") await mailbox.write([replyFor(id, { state: step.state })]);
    else if (step.kind === "redrive") {
      await mailbox.redrive(key, { topic: "requests", value: "{}", headers: [] });
      wasRedriven = true;
    } else
      await expect(mailbox.write([emitting(id, "first", emitted.first, ["1"]), replyFor(id, { state: "processing" })])).rejects.toThrow(
        "full",
      );

    const read = await mailbox.read(key, 0);
    if (read === "overloaded") throw new Error("nobody waits");
    const { status, chunks } = await viewStatus(mailbox, key, read);
    const text = statusText(key, status, chunks);
    const version = status?.version ?? 0;
    if (shown !== undefined) {
      expect(version, "a version went back").toBeGreaterThanOrEqual(shown.version);
      if (version === shown.version) expect(text).toBe(shown.text);
      if (step.kind !== "redrive" && shown.status !== undefined && isTerminal(shown.status.state)) expect(text).toBe(shown.text);
      if (shown.status?.state === "cancelling") expect(status?.state).toMatch(/cancelling|succeeded|failed|cancelled/);
    }
    if (chunks !== undefined) {
      const run = status?.details?.chunks?.execution as Runs;
      expect(chunks.texts).toEqual(texts(run, 0, chunks.texts.length));
    }
    const isOpen = status?.state === "cancelling";
    expect(mailbox.openCancellations()).toEqual(isOpen ? [id.text] : []);
    shown = { version, text, status };
  }
};

test("whatever two runs of a handler report, versions never go back, a request ends once, and its chunks are those of one run without gaps", async () => {
  await host.inStorage(async (storage) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 40 }), (steps) => live(storage, steps)),
      { numRuns: 200 },
    );
  });
});
