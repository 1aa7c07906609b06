import { expect, test } from "vitest";
import { RefusedCommandError, UnavailableError } from "../../../consumer/aggregates/command.ts";
import { decodeCommit } from "../../../protocol/commit-record.ts";
import type { MemoryEventLog } from "./memory-event-log.ts";
import { ADA, BOB, command, createStage, credit, decide, EVE, foreignCommit, OWNERS } from "./task-stage.ts";

test("a command has its reply, and the place and the number of its commit", async () => {
  const { log, open } = createStage();
  const task = open();
  expect(await decide(task, credit(ADA, 5))).toMatchObject({ answer: { reply: { balance: 5 } }, aggregateVersion: 1 });
  const generation = decodeCommit(log.records[0] as never).commit.slice(0, 12);
  expect(await decide(task, credit(ADA, 2))).toEqual({
    answer: { reply: { balance: 7 } },
    position: `account.0.1.${generation}`,
    aggregateVersion: 2,
  });
  expect(task.figures).toMatchObject({ state: "ready", behind: 0 });
});

test("a refused command has a commit without events, and stays refused though it would succeed now", async () => {
  const { log, open } = createStage();
  const task = open();
  await decide(task, command("open", ADA, { owner: "Ada" }));
  const debit = command("debit", ADA, { cents: 3 });
  const refused = await decide(task, debit);
  expect(refused).toMatchObject({ answer: { error: { code: "TOO_LITTLE_MONEY", data: { balance: 0 } } }, aggregateVersion: 1 });
  expect(log.records.map((record) => decodeCommit(record).events.length)).toEqual([1, 0]);
  await decide(task, credit(ADA, 100));
  expect(await decide(task, debit)).toEqual(refused);
});

test("a repeat is answered what the command was answered, also by a process that knows it from the log or its file alone", async () => {
  const { log, open } = createStage();
  const [one, other] = [credit(ADA, 1), credit(ADA, 10)];
  const first = open();
  const answers = [await decide(first, one), await decide(first, other)];
  expect([await decide(first, one), await decide(first, other)]).toEqual(answers);
  await first.close();
  const second = open();
  expect([await decide(second, one), await decide(second, other)]).toEqual(answers);
  expect(log.records).toHaveLength(2);
});

test("a command that is delivered twice at once is decided once", async () => {
  const { log, open } = createStage();
  const task = open();
  const one = credit(ADA, 1);
  const [answer, again] = await Promise.all([decide(task, one), decide(task, one)]);
  expect(again).toEqual(answer);
  expect(log.records).toHaveLength(1);
});

test("commands that wait are appended together", async () => {
  const { log, open, counts } = createStage();
  const task = open();
  await Promise.all(OWNERS.slice(0, 50).map((id) => decide(task, credit(id, 1))));
  expect(log.records).toHaveLength(50);
  expect(log.appends).toBeLessThanOrEqual(2);
  expect(counts).toMatchObject({ counted: 50, voided: 0 });
});

test("a command for another version is refused with that which there is, and changes nothing", async () => {
  const { open } = createStage();
  const task = open();
  await decide(task, credit(ADA, 5, { expectedVersion: 0 }));
  const late = credit(ADA, 5, { expectedVersion: 0 });
  const refused = await decide(task, late);
  expect(refused).toMatchObject({ answer: { error: { code: "VERSION_MISMATCH", status: 412, version: 1 } }, aggregateVersion: 1 });
  expect(await decide(task, late)).toEqual(refused);
  expect(await decide(task, credit(ADA, 1, { expectedVersion: 1 }))).toMatchObject({ answer: { reply: { balance: 6 } } });
});

test("whoever is slower than another writer decides anew on what that one has done", async () => {
  const { log, open, counts } = createStage();
  const task = open();
  await decide(task, credit(ADA, 5));
  log.fates("slow");
  const decided = decide(task, credit(ADA, 1));
  await expect.poll(() => log.appends).toBe(2);
  const last = decodeCommit(log.records[0] as never).commit;
  log.appendNow([foreignCommit(ADA, "foreign", last, [["credited", { cents: 100 }]])]);
  expect(await decided).toMatchObject({ answer: { reply: { balance: 106 } }, aggregateVersion: 3 });
  expect(counts).toMatchObject({ counted: 2, voided: 1 });
});

test("an append that may have been stored has one effect, whether it was stored, was not, or comes late", async () => {
  for (const fate of ["kept", "lost", "late"] as const) {
    const { log, open } = createStage();
    const task = open();
    await decide(task, credit(ADA, 5));
    log.fates(fate);
    expect(await decide(task, credit(ADA, 1))).toMatchObject({ answer: { reply: { balance: 6 } } });
    log.land();
    expect(await decide(task, credit(ADA, 1))).toMatchObject({ answer: { reply: { balance: 7 } } });
  }
});

test("while nobody takes events a command waits, and ends with its caller's patience if that is over first", async () => {
  const { log, open } = createStage();
  const task = open();
  log.fates("unavailable", "unavailable");
  expect(await decide(task, credit(ADA, 5))).toMatchObject({ answer: { reply: { balance: 5 } } });
  log.fates(...Array.from({ length: 1_000 }, () => "unavailable" as const));
  const patience = new AbortController();
  const waiting = decide(task, credit(ADA, 5), patience.signal);
  await expect.poll(() => log.appends).toBeGreaterThan(4);
  patience.abort(new Error("over"));
  await expect(waiting).rejects.toThrow("over");
  log.fates();
  expect(await decide(task, credit(ADA, 1))).toMatchObject({ answer: { reply: { balance: 6 } } });
});

test("a command whose commit may be stored is not given up before that is known", async () => {
  const { log, open } = createStage();
  const task = open();
  await decide(task, credit(ADA, 5));
  const patience = new AbortController();
  log.fates("slow");
  const decided = decide(task, credit(ADA, 1), patience.signal);
  await expect.poll(() => log.appends).toBe(2);
  patience.abort();
  expect(await decided).toMatchObject({ answer: { reply: { balance: 6 } } });
});

test("a commit that no log takes is the fault of its command alone", async () => {
  const { log, open } = createStage();
  const task = open();
  await decide(task, credit(EVE, 1));
  log.fates("rejected", "rejected");
  const [one, other] = await Promise.allSettled([decide(task, credit(ADA, 1)), decide(task, credit(BOB, 2))]);
  expect(one).toMatchObject({ status: "rejected", reason: expect.any(RefusedCommandError) });
  expect(other).toMatchObject({ status: "fulfilled", value: { answer: { reply: { balance: 2 } } } });
});

/** Whoever appends for that time, counted from 1, is held up until told, and tells when that has begun. */
const heldAppend = (log: MemoryEventLog, nth: number) => {
  const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let appends = 0;
  const append: MemoryEventLog["append"] = async (to, records) => {
    appends += 1;
    if (appends === nth) {
      begun.resolve();
      await released.promise;
    }
    return log.append(to, records);
  };
  return { eventLog: { ...log, append }, begun: begun.promise, release: released.resolve };
};

test("commands of a batch that was rejected are decided anew, one after another, on what others do meanwhile", async () => {
  const { log, open } = createStage();
  const held = heldAppend(log, 3);
  const task = open({ eventLog: held.eventLog });
  await decide(task, credit(BOB, 5));
  const last = decodeCommit(log.records[0] as never).commit;
  log.fates("rejected");
  const both = Promise.all([decide(task, credit(ADA, 1)), decide(task, credit(BOB, 2))]);
  await held.begun;
  log.appendNow([foreignCommit(BOB, "foreign", last, [["credited", { cents: 100 }]])]);
  held.release();
  expect(await both).toMatchObject([{ answer: { reply: { balance: 1 } } }, { answer: { reply: { balance: 107 } } }]);
});

test("a command that is cancelled before its turn in a rejected batch comes has no effect", async () => {
  const { log, open } = createStage();
  const held = heldAppend(log, 3);
  const task = open({ eventLog: held.eventLog });
  await decide(task, credit(EVE, 1));
  log.fates("rejected");
  const cancelled = new AbortController();
  const [first, second] = [decide(task, credit(ADA, 1)), decide(task, credit(BOB, 2), cancelled.signal)];
  await held.begun;
  cancelled.abort(new Error("cancelled"));
  await expect(second).rejects.toThrow("cancelled");
  held.release();
  await first;
  expect(await decide(task, credit(BOB, 1))).toMatchObject({ answer: { reply: { balance: 1 } } });
});

test("a command whose commit the log has lost again is decided anew", async () => {
  const { log, open } = createStage();
  const lost: MemoryEventLog["append"] = async () => [1];
  let appends = 0;
  const task = open({ eventLog: { ...log, append: (...given) => ((appends += 1) === 1 ? lost(...given) : log.append(...given)) } });
  expect(await decide(task, credit(ADA, 5))).toMatchObject({ answer: { reply: { balance: 5 } } });
  expect(log.records).toHaveLength(1);
});

test("a state file that breaks while it is used is made again from the log", async () => {
  const { log, open, lines } = createStage();
  const broken = Object.assign(new Error("database disk image is malformed"), { code: "ERR_SQLITE_ERROR", errcode: 11 });
  const next: number[] = [];
  const task = open({
    projector: {
      open(partition) {
        const isFirst = next.push(partition.next) === 1;
        return {
          fold(commits) {
            if (isFirst && commits.length > 0) throw broken;
          },
          committed: () => undefined,
          close: async () => undefined,
        };
      },
    },
  });
  expect(await decide(task, credit(ADA, 5))).toMatchObject({ answer: { reply: { balance: 5 } } });
  expect(next).toEqual([0, 0]);
  expect(log.records).toHaveLength(1);
  expect(lines.lines.filter(({ msg }) => String(msg).startsWith("a state file is broken"))).toHaveLength(1);
});

test("a decider that throws harms its own command only", async () => {
  const { open } = createStage();
  const task = open();
  const [broken, fine] = await Promise.allSettled([decide(task, command("nonsense", ADA)), decide(task, credit(BOB, 2))]);
  expect(broken).toMatchObject({ status: "rejected", reason: expect.any(TypeError) });
  expect(fine).toMatchObject({ status: "fulfilled" });
});

test("what others append is read without a command, and a view is told of it", async () => {
  const { log, open } = createStage();
  const folded: string[] = [];
  const now: unknown[] = [];
  open({
    projector: {
      open: () => ({
        fold: (commits, next) => void folded.push(...commits.map(({ commit, version }) => `${commit.key} ${version} ${next}`)),
        committed: ({ next, isCaughtUp }) => void now.push({ next, isCaughtUp }),
        close: async () => undefined,
      }),
    },
  });
  await expect.poll(() => now.at(-1)).toEqual({ next: 0, isCaughtUp: true });
  log.appendNow([foreignCommit(ADA, "a", "", [["opened", { owner: "Ada" }]])]);
  await expect.poll(() => folded).toEqual([`${ADA} 1 1`]);
  // A repeat of it is void.
  log.appendNow([foreignCommit(ADA, "a", "", [["opened", { owner: "Ada" }]])]);
  log.appendNow([foreignCommit(ADA, "b", "a", [["credited", { cents: 1 }]])]);
  await expect.poll(() => now.at(-1)).toEqual({ next: 3, isCaughtUp: true });
  expect(folded).toEqual([`${ADA} 1 1`, `${ADA} 2 3`]);
});

test("a record that is no commit counts for nobody", async () => {
  const { log, open } = createStage();
  log.appendNow([
    { key: ADA, value: "made by hand", headers: [] },
    { value: "", headers: [] },
  ]);
  expect(await decide(open(), credit(ADA, 1))).toMatchObject({ aggregateVersion: 1 });
});

test("a task that is closed leaves its commands to the next", async () => {
  const { log, open } = createStage();
  const task = open();
  await decide(task, credit(ADA, 1));
  log.fates(...Array.from({ length: 1_000 }, () => "unavailable" as const));
  const waiting = decide(task, credit(ADA, 1));
  const failed = expect(waiting).rejects.toThrow(UnavailableError);
  await task.close();
  await failed;
  await expect(decide(task, credit(ADA, 1))).rejects.toThrow(UnavailableError);
});

test("a task that is retired ends once no command waits, and its file is free for the next", async () => {
  const { log, open } = createStage();
  const task = open();
  await decide(task, credit(ADA, 1));
  log.fates("unavailable");
  const waiting = decide(task, credit(ADA, 1));
  task.retire();
  expect(await waiting).toMatchObject({ aggregateVersion: 2 });
  // The next waits for the file.
  const next = open();
  expect(await decide(next, credit(ADA, 1))).toMatchObject({ aggregateVersion: 3 });
  await task.ended;
  expect(task.isOver).toBe(true);
});

test("a command that comes while much is still to be read gives its place to others, and may come again", async () => {
  const { log, open } = createStage();
  const read = Promise.withResolvers<void>();
  const task = open({
    readingPatienceMs: 100,
    eventLog: {
      ...log,
      async read(from, options) {
        await read.promise;
        return log.read(from, options);
      },
    },
  });
  const one = credit(ADA, 1);
  await expect(decide(task, one)).rejects.toThrow(UnavailableError);
  expect(task.figures.state).toBe("reading");
  read.resolve();
  await expect.poll(() => task.figures.state, { timeout: 10_000 }).toBe("ready");
  expect(await decide(task, one)).toMatchObject({ aggregateVersion: 1 });
});
