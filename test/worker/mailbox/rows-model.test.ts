import fc from "fast-check";
import { expect, test } from "vitest";
import { isTerminal, type ReplyState } from "../../../protocol/states.ts";
import { createArchive } from "../../../worker/archive.ts";
import { createRows, endOfPeriod } from "../../../worker/mailbox/rows.ts";
import { expire, isOverdue, type KeptStatus, settle } from "../../../worker/mailbox/rules.ts";
import { sweep } from "../../../worker/mailbox/sweep.ts";
import type { StatusKey, StoredChunks } from "../../../worker/status-store.ts";
import { createTestKv, dropTables, rowsOf, tablesOf } from "../support/mailbox.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import type { TestStorage } from "../support/test-host.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const START = Date.parse("2026-06-01T12:00:00Z");
const RETENTIONS = [60 * SECOND, HOUR, 24 * HOUR];

/** Which request it is about: the newer ones are more likely. */
const which = fc.nat(30);
const anyStep = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("accept" as const),
      deadline: fc.constantFrom(1, 30, 3_600, 7_200, 200_000),
      keep: fc.constantFrom(120, 3_600, 90_000, 400_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      which,
      state: fc.constantFrom<ReplyState>("processing", "succeeded", "expired"),
      attempt: fc.nat(3),
      /** The run of the handler that emits, if one does. */
      emits: fc.option(fc.constantFrom("first", "second")),
      fails: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const), which }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(1, 61, 301, 3_601, 30_000, 100_000) }) },
  { weight: 4, arbitrary: fc.constant({ kind: "sweep" as const }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { kind: "restart" as const },
      { kind: "kv-away" as const },
      { kind: "kv-back" as const },
      { kind: "refuse-some" as const },
    ),
  },
);
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

type Settings = { readonly mailboxRetentionMs: number; readonly maxDroppedRows: number | undefined };

/** Rows beside a Map, which forgets nothing. */
const simulate = async (storage: TestStorage, { mailboxRetentionMs, maxDroppedRows }: Settings, steps: readonly Step[]): Promise<void> => {
  dropTables(storage);
  const { kv, state, values } = createTestKv();
  let refusesSome = false;
  let puts = 0;
  const archive = createArchive({
    get: kv.get,
    put: async (name, value, options) => {
      if (refusesSome && puts++ % 2 === 0) throw new Error("KV PUT failed: 429");
      expect(options.expiration * SECOND, "KV takes no expiry within a minute").toBeGreaterThanOrEqual(now + 60 * SECOND);
      await kv.put(name, value, options);
    },
  });
  let rows = createRows(storage.sql);
  let now = START;
  const keys: StatusKey[] = [];
  const model = new Map<string, KeptStatus>();
  const chunksModel = new Map<string, readonly StoredChunks[]>();

  const commit = async (run: () => void, fails = false): Promise<void> => {
    try {
      storage.transactionSync(() => {
        run();
        if (fails) throw new Error("The disk is full");
      });
    } catch (error) {
      rows.forget();
      if (!fails) throw error;
    }
  };
  const round = () => sweep({ rows, archive, commit, maxDroppedRows, mailboxRetentionMs, now });
  const recall = async (key: StatusKey) => {
    const row = rows.find(key);
    const execution = row?.details?.chunks?.execution;
    const chunks = execution == null ? undefined : rows.findChunks(endOfPeriod(key), key, execution);
    if (row !== undefined && (execution == null || chunks !== undefined)) return { status: row, chunks };
    if (!values.has(key.text)) return { status: row, chunks };
    expect(isOverdue(key, now), "a status left before its request was overdue").toBe(true);
    const wasAway = state.isAway;
    state.isAway = false;
    const archived = { status: row ?? (await archive.read(key)), chunks: await archive.readChunks(key) };
    state.isAway = wasAway;
    return archived.chunks.length === 0 ? { ...archived, chunks: undefined } : archived;
  };
  const change = async (
    key: StatusKey,
    { next, chunks }: Pick<ReturnType<typeof settle>, "next" | "chunks">,
    fails: boolean,
  ): Promise<void> => {
    if (next === undefined) return;
    await commit(() => {
      if (!rows.insert(key, next, now)) rows.update(key, next);
      if (chunks !== undefined) rows.addChunks(key, chunks);
    }, fails);
    if (fails) return;
    model.set(key.text, next);
    if (chunks !== undefined) chunksModel.set(key.text, [...(chunks.replaces ? [] : (chunksModel.get(key.text) ?? [])), chunks.added]);
  };
  const check = async (): Promise<void> => {
    for (const key of keys.filter(({ expiresAt }) => expiresAt > now))
      expect(await recall(key)).toEqual({ status: model.get(key.text), chunks: chunksModel.get(key.text) });
  };

  for (const step of steps) {
    const key = "which" in step ? keys.at(-1 - step.which) : undefined;
    if (step.kind === "accept") {
      const deadline = now + step.deadline * SECOND;
      keys.push({ text: `${keys.length}`.padStart(63, "A"), shard: 0, createdAt: now, deadline, expiresAt: deadline + step.keep * SECOND });
    } else if (step.kind === "wait") now += step.seconds * SECOND;
    else if (step.kind === "restart") rows = createRows(storage.sql);
    else if (step.kind === "kv-away" || step.kind === "kv-back") [state.isAway, refusesSome] = [step.kind === "kv-away", false];
    else if (step.kind === "refuse-some") refusesSome = true;
    else if (step.kind === "sweep") await round();
    else if (key === undefined || key.expiresAt <= now) continue;
    else if (step.kind === "settle") {
      const reply = {
        key,
        replyId: crypto.randomUUID(),
        state: step.state,
        operation: "sum",
        httpStatus: 200,
        attempt: step.attempt,
        body: '"reply"',
        emitted: step.emits !== null && step.state === "processing" ? emittedBy(step.emits, model.get(key.text)) : undefined,
      };
      await change(key, settle(model.get(key.text), reply, now), step.fails);
    } else if (isOverdue(key, now) && !isTerminal(model.get(key.text)?.state ?? "accepted"))
      await change(key, { next: expire(model.get(key.text), now) }, false);
    await check();
  }

  // In the end nothing is left.
  [state.isAway, refusesSome] = [false, false];
  for (const endOfAll = Math.max(now, ...keys.map(({ expiresAt }) => expiresAt)) + HOUR; now < endOfAll + 34 * HOUR; now += 6 * HOUR) {
    await round();
    await check();
  }
  const left = tablesOf(storage).filter((name) => name !== "chunks");
  expect([rowsOf(storage), rows.isEmpty(), left.toSorted()]).toEqual([{}, true, ["closing", "status"]]);
};

/** The next chunks of a run, behind those that there are of it. */
const emittedBy = (execution: string, current: KeptStatus | undefined) => {
  const chunks = current?.details?.chunks;
  return { execution, first: chunks?.execution === execution ? chunks.count : 0, texts: ['"a"', '"b"'] };
};

test("rows hold what a Map would, until it expires or is in KV, and then nothing", async () => {
  await host.inStorage(async (storage) => {
    const settings = fc.record({ mailboxRetentionMs: fc.constantFrom(...RETENTIONS), maxDroppedRows: fc.constantFrom(undefined, 2) });
    const histories = fc.array(anyStep, { minLength: 5, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(settings, histories, (given, steps) => simulate(storage, given, steps)),
      { numRuns: 200 },
    );
  });
});
