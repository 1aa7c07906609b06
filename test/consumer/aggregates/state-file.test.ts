import { appendFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { deciderHashOf } from "../../../consumer/aggregates/decider-hash.ts";
import { createAggregateRuntime } from "../../../consumer/deciders/aggregate-runtime.ts";
import { decider } from "../../../consumer/deciders/decider.ts";
import { accounts } from "../../contract/bank.ts";
import { account } from "../deciders/account.ts";
import { ADA, BOB, command, createStage, credit, decide, foreignCommit, OWNERS } from "./task-stage.ts";

const FILE = "state.sqlite";

test("a file that was lost is made again from the log, with the commands that it knew", async () => {
  const { folder, log, open } = createStage();
  const first = open();
  const one = credit(ADA, 5);
  const answer = await decide(first, one);
  for (const id of OWNERS.slice(0, 20)) await decide(first, credit(id, 1));
  await first.close();
  rmSync(folder, { recursive: true });
  const second = open();
  expect(await decide(second, one)).toEqual(answer);
  expect(await decide(second, credit(ADA, 1))).toMatchObject({ answer: { reply: { balance: 7 } }, aggregateVersion: 3 });
  expect(log.records).toHaveLength(22);
});

test("a file that is broken, or of another partition, is made again, and the log of the process says so", async () => {
  const { folder, lines, open } = createStage();
  const first = open();
  await decide(first, credit(ADA, 5));
  await first.close();
  rmSync(join(folder, `${FILE}-wal`), { force: true });
  writeFileSync(join(folder, FILE), "no database, but long enough to look like one".repeat(100));
  const second = open();
  expect(await decide(second, credit(ADA, 1))).toMatchObject({ answer: { reply: { balance: 6 } } });
  await second.close();
  expect(lines.lines).toContainEqual(expect.objectContaining({ msg: "a state file is broken, and is made again from the log" }));

  const elsewhere = createStage();
  const other = elsewhere.open({ of: { topic: "account-events", partition: 0 }, folder });
  expect(await decide(other, credit(BOB, 1)).catch((error: Error) => error.message)).toContain("is not the one that was read before");
});

test("a process that is just ending is waited for", async () => {
  const { open } = createStage();
  const first = open();
  await decide(first, credit(ADA, 1));
  const second = open();
  const decided = decide(second, credit(ADA, 1));
  await first.close();
  expect(await decided).toMatchObject({ answer: { reply: { balance: 2 } } });
});

test("a decider whose evolve changed has its states made again; one whose decisions alone changed has not", async () => {
  const { open, lines } = createStage();
  const first = open();
  await decide(first, credit(ADA, 5));
  await first.close();
  const withBonus = decider(accounts, {
    ...account,
    evolve: { ...account.evolve, credited: (state, { cents }) => ({ ...state, balance: state.balance + cents * 10 }) },
  });
  const generous = decider(accounts, {
    ...account,
    decide: { ...account.decide, debit: ({ cents }, { balance }) => ({ events: [], reply: { balance: balance - cents } }) },
  });
  expect(deciderHashOf("account", generous)).toBe(deciderHashOf("account", account));
  const task = open({ runtime: createAggregateRuntime("account", withBonus) as never, hash: deciderHashOf("account", withBonus) });
  expect(await decide(task, credit(ADA, 1))).toMatchObject({ answer: { reply: { balance: 51 } }, aggregateVersion: 2 });
  expect(lines.lines).toContainEqual(expect.objectContaining({ msg: "the decider has changed: its states are made again from the log" }));
});

test("states that left memory come back from the file", async () => {
  const { log, open } = createStage();
  let last = "";
  for (let index = 0; index < 200; index += 1) {
    log.appendNow([foreignCommit(ADA, `c${index}`, last, [["credited", { cents: 1 }]])]);
    last = `c${index}`;
  }
  const task = open();
  expect(await decide(task, credit(ADA, 1))).toMatchObject({ answer: { reply: { balance: 201 } }, aggregateVersion: 201 });
  await task.close();
  const again = open();
  // Of its 64 commands.
  expect(await decide(again, { ...command("credit", ADA, { cents: 1 }), command: "foreign-c150" })).toMatchObject({
    aggregateVersion: 151,
  });
  expect(await decide(again, { ...command("credit", ADA, { cents: 1 }), command: "foreign-c100" })).toMatchObject({
    aggregateVersion: 202,
  });
});

test("while the disk is full nothing wrong is answered, and it goes on when there is room", async () => {
  const { log, open, counts, lines } = createStage();
  let limit = (_pages: number): void => undefined;
  const task = open({
    projector: {
      open: ({ database }) => {
        limit = (pages) => database.exec(`PRAGMA max_page_count = ${pages}`);
        return { fold: () => undefined, committed: () => undefined, close: async () => undefined };
      },
    },
  });
  await decide(task, credit(ADA, 5));
  // SQLite takes no less than there are: from now on no page can be added, as on a full disk.
  limit(1);
  const owners = OWNERS.slice(0, 40);
  const decided = owners.flatMap((id) =>
    [1, 2, 3, 4, 5].map((cents) => decide(task, command("open", id, { owner: "x".repeat(cents * 100) }))),
  );
  const answers = Promise.all([...decided, ...owners.map((id) => decide(task, credit(id, 7)))]);
  await expect.poll(() => JSON.stringify(lines.lines)).toContain("full");
  limit(1_000_000);
  await answers;
  expect(await decide(task, credit(ADA, 1))).toMatchObject({ answer: { reply: { balance: 13 } } });
  expect(log.records.length - counts.voided).toBeGreaterThanOrEqual(242);
});

test("a file that ends in the middle of its log of writes is as it was before them", async () => {
  const { folder, open } = createStage();
  const first = open();
  for (let cents = 1; cents <= 5; cents += 1) await decide(first, credit(ADA, cents));
  await first.close();
  appendFileSync(join(folder, `${FILE}-wal`), "what a power cut leaves behind");
  truncateSync(join(folder, `${FILE}-wal`), 10);
  expect(await decide(open(), credit(ADA, 1))).toMatchObject({ answer: { reply: { balance: 16 } }, aggregateVersion: 6 });
});
