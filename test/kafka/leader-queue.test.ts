import { expect, test } from "vitest";
import { systemTime } from "../../environment/time.ts";
import { createLeaderQueue, takeBatch } from "../../kafka/leader-queue.ts";
import { createPendingCall, type NewRecord, type PendingRecord } from "../../kafka/pending-record.ts";

const KIB = 1024;

const pendings = (...records: readonly Partial<NewRecord>[]): readonly PendingRecord[] => {
  const call = createPendingCall(
    records.map((record) => ({ topic: "t", partition: 0, ...record })),
    1_000,
    { ...systemTime, setTimeout: () => undefined },
  );
  call.stored.catch(() => {});
  return call.records;
};
const sized = (kib: number, partition = 0) => ({ value: Buffer.alloc(kib * KIB), partition });

test("a partition's batch stays below what a broker takes, and keeps its order", () => {
  const [first, second, third, other] = pendings(sized(500), sized(500), sized(1), sized(500, 1));
  const { batch, rest } = takeBatch([first, second, third, other] as PendingRecord[]);
  expect(batch).toEqual([first, other]);
  expect(rest).toEqual([second, third]);
});

test("a record that is larger than any batch goes by itself", () => {
  const [large, small] = pendings(sized(2_000), sized(1));
  expect(takeBatch([large, small] as PendingRecord[])).toEqual({ batch: [large], rest: [small] });
});

test("a record that may be to blame shares its batch with none of its partition", () => {
  const records = pendings(sized(1), sized(1), sized(1), sized(1, 1)) as PendingRecord[];
  (records[1] as PendingRecord).alone = true;
  const { batch, rest } = takeBatch(records);
  expect(batch).toEqual([records[0], records[3]]);
  expect(takeBatch(rest)).toEqual({ batch: [records[1]], rest: [records[2]] });
});

test("records whose times are weeks apart share no batch, as the library would change the later one's", () => {
  const [early, late, soon] = pendings({ timestampMs: 5 }, { timestampMs: 2 ** 31 + 5 }, { timestampMs: 6 });
  expect(takeBatch([early, late, soon] as PendingRecord[])).toEqual({ batch: [early], rest: [late, soon] });
});

test("a send is bounded over all partitions", () => {
  const records = pendings(...Array.from({ length: 8 }, (_, partition) => sized(800, partition)));
  expect(takeBatch(records).batch).toHaveLength(5);
});

test("sends at once, then gathers while four sends are under way", async () => {
  const sends: { records: readonly PendingRecord[]; done: () => void }[] = [];
  const queue = createLeaderQueue("a:1", (records) => new Promise((resolve) => sends.push({ records, done: resolve })));
  for (let count = 0; count < 10; count += 1) queue.add(pendings({}));
  expect(sends.map(({ records }) => records.length)).toEqual([1, 1, 1, 1]);
  sends[0]?.done();
  await Promise.resolve();
  expect(sends.map(({ records }) => records.length)).toEqual([1, 1, 1, 1, 6]);
});

test("a record whose deadline passed while it waited is not sent", async () => {
  const sends: (readonly PendingRecord[])[] = [];
  const queue = createLeaderQueue("a:1", (records) => {
    sends.push(records);
    return Promise.withResolvers<void>().promise;
  });
  for (let count = 0; count < 4; count += 1) queue.add(pendings({}));
  let expire = (): void => {};
  const call = createPendingCall([{ topic: "t", partition: 0 }], 50, {
    ...systemTime,
    setTimeout: (callback) => void (expire = callback),
  });
  queue.add(call.records);
  expire();
  await expect(call.stored).rejects.toMatchObject({ code: "unavailable", retryable: true, message: expect.stringMatching(/within 50 ms/) });
  expect(sends).toHaveLength(4);
});
