import { describe, expect, test } from "vitest";
import { after, policy, send } from "../../../consumer/policies/policy.ts";
import { isCorrelationIdShape } from "../../../protocol/correlation-id.ts";
import { createPolicyStage, requestsIn } from "./stage.ts";
import { begins, BEGUN, commitRecord, COMPLETED, contract, PARTITION, START, transfers } from "./transfers.ts";

const DEBITS = "account-commands";
const TIMEOUTS = "transfer-commands";
const NOTICES = "notices";
const DAY_MS = 86_400_000;

describe("what follows from an event is sent", () => {
  test("as a one-way request to the topic and the key of its operation", async () => {
    const { eventLog, start, give, counted } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
    expect(await give(start())).toEqual([true]);
    const [record] = eventLog.all(DEBITS);
    expect(record?.key).toBe("ada");
    const [request] = requestsIn(eventLog, DEBITS);
    expect(request).toMatchObject({
      operation: "account.debit",
      data: { account: "ada", cents: 5 },
      source: "/policies/begins",
      causationId: "c1",
      orderingKey: "ada",
      isOneWay: true,
      authtype: "system",
      acceptedAt: START,
      deadline: START + 30 * DAY_MS,
    });
    expect(request?.authid).toBeUndefined();
    expect(request?.dataschema).toBeUndefined();
    expect(isCorrelationIdShape(request?.correlationId ?? "")).toBe(true);
    expect(counted).toEqual({ sent: 1, expired: 0 });
  });

  test("of commits that count alone, with the version that they make", async () => {
    const { eventLog, start, give } = createPolicyStage();
    eventLog.store(PARTITION, [
      commitRecord("t1", "c1", "", [BEGUN]),
      commitRecord("t1", "void", "", [COMPLETED]),
      { key: "t1", value: "no commit", headers: [] },
      commitRecord("t1", "c2", "c1", [COMPLETED]),
      commitRecord("t1", "c2", "c1", [COMPLETED]),
    ]);
    expect(await give(start())).toEqual([true, true, true, true, true]);
    expect(requestsIn(eventLog, NOTICES).map(({ data }) => data)).toEqual([{ text: "t1 completed at 2" }]);
  });

  test("under the same ID when it is sent again, and under another one by another policy, commit or place", async () => {
    const { eventLog, start, give } = createPolicyStage({ policies: { begins, again: begins } });
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN, BEGUN]), commitRecord("t2", "c2", "", [BEGUN])]);
    await give(start());
    const first = requestsIn(eventLog, DEBITS).map(({ correlationId }) => correlationId);
    expect(new Set(first).size).toBe(6);
    // Another process, at its own machine, from the same committed offset.
    await give(start({ file: "new" }));
    const all = requestsIn(eventLog, DEBITS).map(({ correlationId }) => correlationId);
    expect(all).toEqual([...first, ...first]);
    expect(eventLog.all(DEBITS)[6]).toMatchObject({ value: eventLog.all(DEBITS)[0]?.value, headers: eventLog.all(DEBITS)[0]?.headers });
  });

  test("again until it is stored, whatever becomes of the answers", async () => {
    const { eventLog, start, give, time } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
    const faults = ["unavailable", "lost-before", "lost-after"] as const;
    eventLog.fault = () => faults[eventLog.appends - 1];
    const done = give(start());
    for (let turn = 0; turn < 5; turn += 1) await time.elapse(10_000);
    expect(await done).toEqual([true]);
    const ids = requestsIn(eventLog, DEBITS).map(({ correlationId }) => correlationId);
    expect(ids.length).toBe(2);
    expect(new Set(ids).size).toBe(1);
  });
});

describe("what the group has committed has no effect", () => {
  test("when the file is lost", async () => {
    const { eventLog, start, give } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN]), commitRecord("t1", "c2", "c1", [COMPLETED])]);
    expect(await give(start({ file: "new" }), 1)).toEqual([true]);
    expect(requestsIn(eventLog, DEBITS)).toEqual([]);
    expect(requestsIn(eventLog, NOTICES).map(({ data }) => data)).toEqual([{ text: "t1 completed at 2" }]);
  });

  test("when others had the partition meanwhile", async () => {
    const { eventLog, start, give } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
    const before = start();
    await give(before);
    await before.close();
    eventLog.store(PARTITION, [
      commitRecord("t2", "c2", "", [BEGUN]),
      commitRecord("t3", "c3", "", [BEGUN]),
      commitRecord("t4", "c4", "", [BEGUN]),
      commitRecord("t5", "c5", "", [BEGUN]),
      commitRecord("t2", "c6", "c2", [COMPLETED]),
    ]);
    await give(start(), 5);
    expect(requestsIn(eventLog, DEBITS).length).toBe(1);
    expect(requestsIn(eventLog, NOTICES).map(({ data }) => data)).toEqual([{ text: "t2 completed at 2" }]);
  });

  test("unless it turns out that it was not committed after all", async () => {
    const { eventLog, start, give } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN]), commitRecord("t2", "c2", "", [BEGUN])]);
    const partition = start();
    partition.reach(2);
    expect(await give(partition, 1)).toEqual([true]);
    expect(requestsIn(eventLog, DEBITS).length).toBe(1);
  });

  test("nor is it sent again by who has sent it, though its offset was not committed", async () => {
    const { eventLog, start, give } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
    const before = start();
    await give(before);
    await before.close();
    expect(await give(start())).toEqual([true]);
    expect(requestsIn(eventLog, DEBITS).length).toBe(1);
  });
});

describe("a request that waits for its time", () => {
  test("is sent when that has come, counted from its commit", async () => {
    const { eventLog, start, give, time } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN], START - 10_000)]);
    const partition = start();
    await give(partition);
    expect(partition.figures).toEqual({ state: "ready", waiting: 1, late: 0 });
    await time.elapse(19_999);
    expect(requestsIn(eventLog, TIMEOUTS)).toEqual([]);
    await time.elapse(1);
    expect(requestsIn(eventLog, TIMEOUTS)).toMatchObject([
      { operation: "transfer.time-out", data: { transfer: "t1" }, acceptedAt: START + 20_000, deadline: START + 20_000 + 30 * DAY_MS },
    ]);
    await time.elapse(0);
    expect(partition.figures).toEqual({ state: "ready", waiting: 0, late: 0 });
  });

  test("is sent after a restart, though no event comes", async () => {
    const { eventLog, start, give, time } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
    const before = start();
    await give(before);
    await before.close();
    await time.elapse(60_000);
    expect(requestsIn(eventLog, TIMEOUTS)).toEqual([]);
    start().reach(1);
    await time.elapse(0);
    expect(requestsIn(eventLog, TIMEOUTS).length).toBe(1);
    await time.elapse(60_000);
    expect(requestsIn(eventLog, TIMEOUTS).length).toBe(1);
  });

  test("is found in the log again when the file is lost; one whose time has passed is sent again under its ID", async () => {
    const { eventLog, start, give, time } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN]), commitRecord("t2", "c2", "", [BEGUN], START + 60_000)]);
    const before = start();
    await give(before);
    await time.elapse(30_000);
    await before.close();
    const next = start({ file: "new" });
    next.reach(2);
    await time.elapse(0);
    const ids = requestsIn(eventLog, TIMEOUTS).map(({ correlationId }) => correlationId);
    expect(ids.length).toBe(2);
    expect(new Set(ids).size).toBe(1);
    expect(next.figures.waiting).toBe(1);
    await time.elapse(60_000);
    expect(requestsIn(eventLog, TIMEOUTS).map(({ data }) => data)).toEqual([{ transfer: "t1" }, { transfer: "t1" }, { transfer: "t2" }]);
    expect(requestsIn(eventLog, DEBITS).length).toBe(2);
  });

  test("is told as late while it cannot be sent", async () => {
    const { eventLog, start, give, time } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
    const partition = start();
    await give(partition);
    eventLog.fault = () => "unavailable";
    await time.elapse(36_000);
    expect(partition.figures).toEqual({ state: "ready", waiting: 1, late: 1 });
    eventLog.fault = () => undefined;
    await time.elapse(20_000);
    expect(requestsIn(eventLog, TIMEOUTS).length).toBe(1);
  });

  test("is sent though the platform's timer came before the clock had its time, and no event comes", async () => {
    const { eventLog, start, give, time } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
    await give(start());
    await time.elapse(0);
    time.step(-5);
    await time.elapse(30_000);
    expect(requestsIn(eventLog, TIMEOUTS)).toEqual([]);
    await time.elapse(5);
    expect(requestsIn(eventLog, TIMEOUTS).length).toBe(1);
  });

  test("goes with a thousand others, and may wait for months", async () => {
    const later = policy(transfers, { begun: (_, { id }) => after("90d", send(contract["transfer.time-out"], { transfer: id })) });
    const { eventLog, start, give, time } = createPolicyStage({ policies: { later } });
    eventLog.store(
      PARTITION,
      Array.from({ length: 1_000 }, (_, index) => commitRecord(`t${index}`, `c${index}`, "", [BEGUN])),
    );
    const partition = start();
    await give(partition);
    await time.elapse(0);
    expect(partition.figures.waiting).toBe(1_000);
    expect(time.timers()).toBe(1);
    await time.elapse(90 * DAY_MS - 1);
    expect(requestsIn(eventLog, TIMEOUTS).length).toBe(0);
    await time.elapse(1);
    for (let turn = 0; turn < 20; turn += 1) await time.elapse(0);
    expect(requestsIn(eventLog, TIMEOUTS).length).toBe(1_000);
  });
});

test("an event of long ago has no effect any more: its deadline has passed", async () => {
  const { eventLog, start, give, log, counted, time } = createPolicyStage();
  eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN], START - 31 * DAY_MS), commitRecord("t1", "c2", "c1", [COMPLETED])]);
  await give(start());
  await time.elapse(60_000);
  expect(requestsIn(eventLog, DEBITS)).toEqual([]);
  expect(requestsIn(eventLog, TIMEOUTS)).toEqual([]);
  expect(requestsIn(eventLog, NOTICES).length).toBe(1);
  expect(counted).toEqual({ sent: 1, expired: 2 });
  expect(log.lines).toMatchObject([{ level: "warn", count: 2 }]);
});

test("a file of another log is made again", async () => {
  const { eventLog, start, give, log } = createPolicyStage();
  eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN]), commitRecord("t1", "c2", "c1", [COMPLETED])]);
  const before = start();
  await give(before);
  await before.close();
  eventLog.wipe();
  eventLog.store(PARTITION, [
    commitRecord("t1", "d1", "", [BEGUN]),
    commitRecord("t1", "d2", "d1", [COMPLETED]),
    commitRecord("t1", "d3", "d2", []),
  ]);
  expect(await give(start())).toEqual([true, true, true]);
  expect(requestsIn(eventLog, DEBITS).map(({ causationId }) => causationId)).toEqual(["d1"]);
  expect(log.lines.filter(({ level }) => level === "warn").length).toBe(1);
});

test("a file that cannot be read for a moment holds up its partition, and nothing else", async () => {
  const { eventLog, start, give, time, log } = createPolicyStage();
  eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
  let isAway = false;
  const unlessAway =
    <Given extends unknown[], Result>(call: (...given: Given) => Result) =>
    (...given: Given): Result => {
      if (isAway) throw new Error("the disk is away");
      return call(...given);
    };
  const partition = start({
    through: (file) => ({ ...file, progress: unlessAway(file.progress), nextDue: unlessAway(file.nextDue), due: unlessAway(file.due) }),
  });
  await give(partition);
  await time.elapse(0);
  isAway = true;
  await time.elapse(31_000);
  await time.elapse(600_000);
  const told = { level: "warn", reason: "the disk is away" };
  expect(log.lines.filter(({ level }) => level !== "debug")).toEqual([expect.objectContaining(told)]);
  isAway = false;
  await time.elapse(10_000);
  expect(requestsIn(eventLog, TIMEOUTS).length).toBe(1);
});

test("who closes a partition leaves its records to others", async () => {
  const { eventLog, start, give } = createPolicyStage();
  eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
  eventLog.fault = () => "unavailable";
  const partition = start();
  const given = give(partition);
  await partition.close();
  expect(await given).toEqual([false]);
  expect(await give(partition)).toEqual([false]);
});
