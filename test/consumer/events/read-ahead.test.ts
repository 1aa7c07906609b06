import { expect, test } from "vitest";
import type { EventLog, EventRecords } from "../../../consumer/events/event-log.ts";
import { readAhead } from "../../../consumer/events/read-ahead.ts";

const AT = { topic: "account-events", partition: 0 };
const END = 5;
const live = () => ({ waitMs: 0, signal: new AbortController().signal });

/** Two records a read, and the offsets that were asked for. */
const logOfFive = (onRead: (offset: number) => void = () => {}) => {
  const asked: number[] = [];
  const read: EventLog["read"] = async ({ offset }, { signal }): Promise<EventRecords> => {
    asked.push(offset);
    signal.throwIfAborted();
    onRead(offset);
    const next = Math.min(offset + 2, END);
    const records = Array.from({ length: next - offset }, (_, index) => ({
      ...AT,
      offset: offset + index,
      timestamp: 0,
      key: null,
      value: "",
      headers: [],
    }));
    return { records, next, end: END };
  };
  return { asked, read: readAhead(read) };
};

const readAll = async (read: EventLog["read"]): Promise<readonly number[]> => {
  const found: number[] = [];
  for (let offset = 0; offset < END;) {
    const { records, next } = await read({ ...AT, offset }, live());
    found.push(...records.map((record) => record.offset));
    offset = next;
  }
  return found;
};

test("the next records are on their way while those before them are folded, and nothing is asked for twice or beyond the end", async () => {
  const { asked, read } = logOfFive();
  await read({ ...AT, offset: 0 }, live());
  expect(asked).toEqual([0, 2]);
  await read({ ...AT, offset: 2 }, live());
  await read({ ...AT, offset: 4 }, live());
  expect(asked).toEqual([0, 2, 4]);
});

test("nothing is read behind what somebody only looks at, such as the first commit", async () => {
  const { asked, read } = logOfFive();
  await read({ ...AT, offset: 0 }, { ...live(), isAlone: true });
  expect(asked).toEqual([0]);
});

test("gives every record once, in order", async () => {
  expect(await readAll(logOfFive().read)).toEqual([0, 1, 2, 3, 4]);
});

test("what failed ahead of time is read again when it is wanted", async () => {
  let failures = 1;
  const { asked, read } = logOfFive((offset) => {
    if (offset === 2 && failures-- > 0) throw new Error("away");
  });
  expect(await readAll(read)).toEqual([0, 1, 2, 3, 4]);
  expect(asked).toEqual([0, 2, 2, 4]);
});

test("a reader that gave up leaves nothing behind that fails the next one", async () => {
  const { read } = logOfFive();
  const stop = new AbortController();
  await read({ ...AT, offset: 0 }, { waitMs: 0, signal: stop.signal });
  stop.abort();
  expect((await read({ ...AT, offset: 2 }, live())).records).toHaveLength(2);
  await expect(read({ ...AT, offset: 0 }, { waitMs: 0, signal: stop.signal })).rejects.toBe(stop.signal.reason);
});
