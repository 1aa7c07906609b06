import fc from "fast-check";
import { expect, test } from "vitest";
import type { CommandResult } from "../../../consumer/aggregates/command.ts";
import { deciderHashOf } from "../../../consumer/aggregates/decider-hash.ts";
import { createPartitionTask, type PartitionTask, type PartitionTaskOptions } from "../../../consumer/aggregates/partition-task.ts";
import { type AggregateState, createAggregateRuntime } from "../../../consumer/deciders/aggregate-runtime.ts";
import { SILENT_OBSERVER } from "../../../consumer/observe/observer.ts";
import { type Commit, decodeCommit } from "../../../protocol/commit-record.ts";
import { account } from "../deciders/account.ts";
import { createRecordedLog } from "../log.ts";
import { type AppendFate, createMemoryEventLog, type MemoryEventLog } from "./memory-event-log.ts";
import { ADA, BOB, command, FOR_EVER_MS, PARTITION, quickTime, temporaryFolder } from "./task-stage.ts";

const runtime = createAggregateRuntime("account", account) as unknown as PartitionTaskOptions["runtime"];

const openTask = (eventLog: PartitionTaskOptions["eventLog"], folder: string): PartitionTask =>
  createPartitionTask({
    aggregate: "account",
    runtime,
    hash: deciderHashOf("account", account),
    of: { topic: "account-events", partition: PARTITION },
    partitions: 3,
    eventLog,
    projector: undefined,
    folder,
    log: createRecordedLog(),
    observer: SILENT_OBSERVER,
    time: quickTime,
    random: () => 0,
    readingPatienceMs: FOR_EVER_MS,
  });

/** A process that can die, and comes back with its file or without. */
const createWriter = (log: MemoryEventLog, folder: string) => {
  let generation = 0;
  let view = log.asWriter();
  let task = openTask(view, `${folder}/0`);
  return {
    decide: (...given: Parameters<PartitionTask["decide"]>) => task.decide(...given),
    async crash(keepsFile: boolean): Promise<void> {
      view.die();
      // What it had in hand ends with it. Its file is as it was: SQLite writes all of a transaction, or nothing.
      void task.close();
      if (!keepsFile) generation += 1;
      view = log.asWriter();
      const folderNow = `${folder}/${keepsFile ? generation : (generation += 1)}`;
      task = openTask(view, folderNow);
    },
    close: () => task.close(),
  };
};

type Step =
  | { readonly kind: "command"; readonly writer: number; readonly name: "credit" | "debit"; readonly id: string; readonly cents: number }
  | { readonly kind: "repeat"; readonly writer: number; readonly which: number }
  | { readonly kind: "stale"; readonly which: number }
  | { readonly kind: "crash"; readonly writer: number; readonly keepsFile: boolean }
  | { readonly kind: "settle" };

const writer = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      writer,
      name: fc.constantFrom("credit" as const, "debit" as const),
      id: fc.constantFrom(ADA, BOB),
      cents: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("repeat" as const), writer, which: fc.nat({ max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stale" as const), which: fc.nat({ max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const), writer, keepsFile: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ kind: "settle" as const }) },
);
const fate: fc.Arbitrary<AppendFate> = fc.constantFrom("stored", "stored", "slow", "unavailable", "lost", "kept", "late", "rejected");

/** What the log says, by the rule that every reader has. */
const readChain = (log: MemoryEventLog) => {
  const states = new Map<string, AggregateState<unknown>>();
  const counted: { readonly commit: Commit; readonly offset: number; readonly version: number }[] = [];
  for (const record of log.records) {
    const commit = decodeCommit(record);
    const next = runtime.fold(states.get(commit.key) ?? runtime.initial(commit.key), commit);
    if (next === undefined) continue;
    states.set(commit.key, next);
    counted.push({ commit, offset: record.offset, version: next.version });
  }
  return { states, counted };
};

test("two writers on a log that loses, delays and repeats, and that crash at any moment: each command has one effect, and all answers are true", async () => {
  const folder = temporaryFolder();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), fc.array(fate, { maxLength: 20 }), async (steps, fates) => {
      run += 1;
      const log = createMemoryEventLog(PARTITION);
      const writers = [0, 1].map((index) => createWriter(log, `${folder}/${run}-${index}`));
      const sent: ReturnType<typeof command>[] = [];
      const answers: { readonly command: string; readonly result: CommandResult }[] = [];
      const waiting = new Set<Promise<unknown>>();
      const send = (index: number, one: ReturnType<typeof command>, signal: AbortSignal): Promise<boolean> => {
        const decided = (writers[index] as (typeof writers)[number]).decide(one, signal).then(
          (result) => {
            answers.push({ command: one.command, result });
            return true;
          },
          () => false,
        );
        waiting.add(decided);
        void decided.then(() => waiting.delete(decided));
        return decided;
      };
      const never = new AbortController();
      for (const id of [ADA, BOB]) {
        const opened = command("open", id, { owner: id });
        sent.push(opened);
        expect(await send(0, opened, never.signal)).toBe(true);
      }
      log.fates(...fates);
      for (const one of steps) {
        if (one.kind === "command") {
          const made = command(one.name, one.id, { cents: one.cents });
          sent.push(made);
          void send(one.writer, made, never.signal);
        } else if (one.kind === "repeat") {
          const known = sent[one.which % sent.length];
          if (known !== undefined) void send(one.writer, known, never.signal);
        } else if (one.kind === "stale") {
          const old = log.records[one.which % log.records.length];
          if (old !== undefined)
            log.appendNow([
              { key: String(old.key), value: String(old.value), headers: old.headers as readonly { key: string; value: string }[] },
            ]);
        } else if (one.kind === "crash") await (writers[one.writer] as (typeof writers)[number]).crash(one.keepsFile);
        else await Promise.race([...waiting, new Promise((resolve) => setImmediate(resolve))]);
      }
      log.fates();
      // A commit that is refused on its way fails for good whoever waits for it.
      await Promise.all(waiting);
      // Whoever consumes the partition next gets what was not committed: all of them again, from both.
      for (const index of [0, 1]) {
        const again = await Promise.all(sent.map((one) => send(index, one, never.signal)));
        expect(again.every(Boolean)).toBe(true);
      }
      log.land();
      await Promise.all(writers.map((one) => one.close()));

      const { states, counted } = readChain(log);
      const byCommand = new Map(counted.map((one) => [one.commit.command, one]));
      expect(byCommand.size, "one effect each").toBe(counted.length);
      expect(byCommand.size, "none lost").toBe(sent.length);
      for (const { command: id, result } of answers) {
        const { commit, offset, version } = byCommand.get(id) as (typeof counted)[number];
        expect(result.answer).toEqual(commit.answer);
        expect(result.position.split(".").slice(0, 3)).toEqual(["account", String(PARTITION), String(offset)]);
        expect(result.aggregateVersion).toBe(version);
      }
      let money = 0;
      for (const { commit } of counted)
        for (const { type, data } of commit.events) {
          const cents = (data as { cents?: number }).cents ?? 0;
          money += type === "account.credited" ? cents : type === "account.debited" ? -cents : 0;
        }
      const balances = [...states.values()].map(({ state }) => (state as { balance: number }).balance);
      expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(money);
      expect(Math.min(...balances)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 30 },
  );
}, 120_000);
