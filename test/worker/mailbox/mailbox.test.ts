import fc from "fast-check";
import { expect, test } from "vitest";
import { isTerminal, type ReplyState } from "../../../protocol/states.ts";
import { statusText } from "../../../worker/responses.ts";
import type { StoredStatus } from "../../../worker/status-store.ts";
import { viewStatus } from "../../../worker/status-view.ts";
import { createTestKv, dropTables, openMailbox, rowsOf } from "../support/mailbox.ts";
import { createId, emitting, keyOf, replyFor } from "../support/worker.ts";
import type { TestStorage } from "../support/test-host.ts";
import { host } from "../hosts/cloudflare/test-host.ts";

type Step =
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "deliver"; readonly state: ReplyState; readonly replyId: string }
  | { readonly kind: "read" | "cancel" | "emit" | "sweep" | "restart" | "kv-fails" | "kv-works" };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(1, 20, 61, 301, 3_601, 100_000) }),
  fc.record({
    kind: fc.constant("deliver" as const),
    state: fc.constantFrom<ReplyState>("processing", "succeeded", "failed", "expired"),
    replyId: fc.uuid(),
  }),
  fc.record({
    kind: fc.constantFrom(
      "read" as const,
      "cancel" as const,
      "emit" as const,
      "sweep" as const,
      "restart" as const,
      "kv-fails" as const,
      "kv-works" as const,
    ),
  }),
);

/** A mailbox with a clock of its own over real storage, and over a KV that can fail. */
const simulate = async (storage: TestStorage, deadlineSeconds: number, steps: readonly Step[]): Promise<void> => {
  dropTables(storage);
  const id = await createId({ deadlineSeconds, retentionSeconds: deadlineSeconds + 86_400 });
  const key = keyOf(id);
  let now = id.createdAt;
  const { kv, state } = createTestKv();
  const open = () => openMailbox(storage, { kv, now: () => now }).mailbox;
  let mailbox = open();
  let shown: StoredStatus | undefined;
  let stored: string | undefined;
  let late: string | undefined;
  let emitted = 0;
  const texts = new Map<number, string>();

  for (const step of steps) {
    if (step.kind === "wait") now = Math.min(now + step.seconds * 1_000, id.expiresAt - 120_000);
    else if (step.kind === "restart") mailbox = open();
    else if (step.kind === "sweep") await mailbox.sweep();
    else if (step.kind === "kv-fails" || step.kind === "kv-works") state.isAway = step.kind === "kv-fails";
    else if (step.kind === "cancel") await mailbox.cancel(key).catch(() => "unreadable");
    else if (step.kind === "emit") {
      const [outcome] = await mailbox.write([emitting(id, "run", emitted, [String(emitted)])]);
      expect(outcome).not.toBe("refused");
      if (outcome === "stored") emitted++;
    } else if (step.kind === "deliver") {
      const [outcome] = await mailbox.write([replyFor(id, { key, state: step.state, replyId: step.replyId, body: `"${step.replyId}"` })]);
      if (outcome === "stored" && isTerminal(step.state)) {
        expect(stored, "a second terminal reply was stored").toBeUndefined();
        expect(shown?.state ?? "accepted", "a reply was stored after its request had ended").toMatch(/accepted|processing|cancelling/);
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
      const view = await viewStatus(mailbox, key, status).catch(() => undefined);
      if (view === undefined) continue;
      const version = view.status?.version ?? 0;
      const text = statusText(key, view.status, view.chunks);
      expect(text, "two answers of one version differ").toBe(texts.get(version) ?? text);
      texts.set(version, text);
      expect(view.chunks?.texts ?? []).toEqual(Array.from({ length: emitted }, (_, index) => String(index)));
    }
  }
};

const { inStorage } = host;

/** Calls the alarm when it is due, until that time. */
const sweepUntil = async (time: number, clock: { now: number }, { mailbox, alarm }: ReturnType<typeof openMailbox>): Promise<void> => {
  for (let next = alarm(); next !== null && next <= time; next = alarm()) {
    clock.now = Math.max(clock.now, next);
    await mailbox.sweep();
  }
  clock.now = time;
};
const HOUR = 3_600_000;

test("a state that was shown never changes back and the first late reply is kept, through restarts, archiving and a KV that fails", async () => {
  await inStorage(async (storage) => {
    const histories = fc.array(anyStep, { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(30, 7_200, 200_000), histories, (deadlineSeconds, steps) =>
        simulate(storage, deadlineSeconds, steps),
      ),
      { numRuns: 300 },
    );
  });
});

test("a reply that came long before its deadline can be read all the time", async () => {
  const id = await createId({ deadlineSeconds: 7_200, retentionSeconds: 86_400 });
  const clock = { now: id.createdAt };
  const { kv, values } = createTestKv();
  await inStorage(async (storage) => {
    const opened = openMailbox(storage, { kv, now: () => clock.now });
    await opened.mailbox.write([replyFor(id)]);
    for (let time = id.createdAt; time < id.expiresAt; time += HOUR / 4) {
      await sweepUntil(time, clock, opened);
      expect(await opened.mailbox.read(keyOf(id), 0), `${(time - id.createdAt) / HOUR} h`).toMatchObject({ state: "succeeded" });
    }
    expect([...values.keys()]).toEqual([id.text]);
    expect(rowsOf(storage)).toEqual({});
  });
});

test("a reply that comes while the statuses of its time move to KV is not lost, and neither is one that comes after that", async () => {
  const [first, processing, silent] = await Promise.all([1, 2, 3].map(() => createId({ retentionSeconds: 86_400 })));
  if (first === undefined || processing === undefined || silent === undefined) return;
  const clock = { now: first.createdAt };
  const { kv, values } = createTestKv();
  await inStorage(async (storage) => {
    const during: Promise<string[]>[] = [];
    const put: typeof kv.put = async (name, value, options) => {
      if (during.length === 0) during.push(opened.mailbox.write([replyFor(processing)]));
      return kv.put(name, value, options);
    };
    const opened = openMailbox(storage, { kv: { ...kv, put }, now: () => clock.now });
    await opened.mailbox.write([replyFor(first), replyFor(processing, { state: "processing", body: null, attempt: 1 })]);
    await sweepUntil(first.createdAt + 2 * HOUR, clock, opened);
    expect(await Promise.all(during)).toEqual([["stored"]]);
    expect(await opened.mailbox.write([replyFor(silent), replyFor(first)])).toEqual(["stored", "duplicate"]);
    await sweepUntil(first.createdAt + 4 * HOUR, clock, opened);
    for (const id of [first, processing, silent]) expect(await opened.mailbox.read(keyOf(id), 0)).toMatchObject({ state: "succeeded" });
    expect([values.size, rowsOf(storage)]).toEqual([3, {}]);
  });
});

test("a request that is read too late to have a status costs neither a row nor a look into KV", async () => {
  const id = await createId({ retentionSeconds: 150 });
  const { kv, state } = createTestKv();
  await inStorage(async (storage) => {
    const { mailbox } = openMailbox(storage, { kv, now: () => id.expiresAt });
    expect(await mailbox.read(keyOf(id), 0)).toMatchObject({ state: "expired" });
    expect(await mailbox.write([replyFor(id)])).toEqual(["unknown"]);
    expect([rowsOf(storage), state.gets]).toEqual([{}, 0]);
  });
});

test("KV is not asked for a status that cannot have left the mailbox yet", async () => {
  const id = await createId({ retentionSeconds: 86_400 });
  const clock = { now: id.createdAt + 299_000 };
  const { kv, state } = createTestKv();
  await inStorage(async (storage) => {
    const { mailbox } = openMailbox(storage, { kv, now: () => clock.now });
    expect(await mailbox.read(keyOf(id), 0)).toMatchObject({ state: "expired" });
    expect(state.gets).toBe(0);
    const other = await createId({ agoMs: 301_000, retentionSeconds: 86_400 });
    clock.now = other.createdAt + 301_000;
    expect(await mailbox.read(keyOf(other), 0)).toMatchObject({ state: "expired" });
    expect(state.gets).toBe(1);
  });
});

test("where a large table takes long to drop, its rows go in pieces, and others can write between them", async () => {
  await inStorage(async (storage) => {
    dropTables(storage);
    const clock = { now: Date.now() };
    const sizes: number[] = [];
    const size = (): number => Object.values(rowsOf(storage)).flat().length;
    const transaction = <T>(run: () => T): T => {
      const before = size();
      const result = storage.transactionSync(run);
      if (size() < before) sizes.push(before - size());
      return result;
    };
    const { mailbox } = openMailbox(storage, { kv: createTestKv().kv, now: () => clock.now, maxDroppedRows: 10, transaction });
    const ids = await Promise.all(Array.from({ length: 35 }, () => createId()));
    await mailbox.write(ids.map((id) => replyFor(id)));
    clock.now += 2 * 3_600_000;
    await mailbox.sweep();
    expect(size()).toBe(0);
    expect(sizes.every((rows) => rows <= 10)).toBe(true);
    expect(sizes.reduce((sum, rows) => sum + rows, 0)).toBe(35);
  });
});
