import fc from "fast-check";
import { expect, test } from "vitest";
import { isTerminal, type ReplyState } from "../../../protocol/states.ts";
import { createArchive } from "../../../worker/archive.ts";
import { createRows } from "../../../worker/mailbox/rows.ts";
import { expire, isOverdue, type KeptStatus, settle } from "../../../worker/mailbox/rules.ts";
import { sweep } from "../../../worker/mailbox/sweep.ts";
import type { StatusKey } from "../../../worker/status-store.ts";
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

/** Rows beside a Map, which forgets nothing. */
const simulate = async (storage: TestStorage, mailboxRetentionMs: number, steps: readonly Step[]): Promise<void> => {
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
  const round = () => sweep({ rows, archive, commit, mailboxRetentionMs, now });
  const recall = async (key: StatusKey): Promise<KeptStatus | undefined> => {
    const row = rows.find(key);
    if (row !== undefined || !values.has(key.text)) return row;
    expect(isOverdue(key, now), "a status left before its request was overdue").toBe(true);
    const wasAway = state.isAway;
    state.isAway = false;
    const archived = await archive.read(key);
    state.isAway = wasAway;
    return archived;
  };
  const change = async (key: StatusKey, next: KeptStatus | undefined, fails: boolean): Promise<void> => {
    if (next === undefined) return;
    await commit(() => {
      if (!rows.insert(key, next, now)) rows.update(key, next);
    }, fails);
    if (!fails) model.set(key.text, next);
  };
  const check = async (): Promise<void> => {
    for (const key of keys.filter(({ expiresAt }) => expiresAt > now)) expect(await recall(key)).toEqual(model.get(key.text));
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
      };
      await change(key, settle(model.get(key.text), reply, now).next, step.fails);
    } else if (isOverdue(key, now) && !isTerminal(model.get(key.text)?.state ?? "accepted"))
      await change(key, expire(model.get(key.text), now), false);
    await check();
  }

  // In the end nothing is left.
  [state.isAway, refusesSome] = [false, false];
  for (const endOfAll = Math.max(now, ...keys.map(({ expiresAt }) => expiresAt)) + HOUR; now < endOfAll + 34 * HOUR; now += 6 * HOUR) {
    await round();
    await check();
  }
  expect([rowsOf(storage), rows.isEmpty(), tablesOf(storage).toSorted()]).toEqual([{}, true, ["closing", "status"]]);
};

test("rows hold what a Map would, until it expires or is in KV, and then nothing", async () => {
  await host.inStorage(async (storage) => {
    const histories = fc.array(anyStep, { minLength: 5, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...RETENTIONS), histories, (mailboxRetentionMs, steps) =>
        simulate(storage, mailboxRetentionMs, steps),
      ),
      { numRuns: 200 },
    );
  });
});
