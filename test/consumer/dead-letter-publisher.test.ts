import { expect, test } from "vitest";
import { createDeadLetterPublisher } from "../../consumer/dead-letter-publisher.ts";
import { type OutgoingRecord, SourceError } from "../../consumer/source.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import { createRecordedLog } from "./log.ts";
import { createManualTime } from "../helpers/manual-time.ts";

const record: ConsumerRecord = {
  topic: "requests",
  partition: 2,
  offset: 7,
  timestamp: 1,
  key: null,
  value: new Uint8Array([0xff]),
  headers: [],
};

const REASON = { code: "INVALID_RECORD", attempts: 0, exception: "RejoinderError", message: "no event" };

const setUp = (...failures: Error[]) => {
  const time = createManualTime(Date.now());
  const log = createRecordedLog();
  const stop = new AbortController();
  const letters: OutgoingRecord[] = [];
  const counted: string[] = [];
  const produce = async (letter: OutgoingRecord): Promise<void> => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    letters.push(letter);
  };
  return {
    time,
    log,
    stop,
    letters,
    counted,
    publishDeadLetter: createDeadLetterPublisher({
      source: { produce, group: "rejoinder" },
      log,
      observer: { deadLettered: (topic) => void counted.push(topic) },
      stop: stop.signal,
      time,
      random: () => 0,
    }),
  };
};

test("a dead letter keeps key and value as they were, bytes too", async () => {
  const { publishDeadLetter, letters } = setUp();
  expect(await publishDeadLetter(record, REASON)).toBe("stored");
  expect(letters).toMatchObject([{ topic: "requests-dlt", key: null, value: new Uint8Array([0xff]) }]);
});

test("is tried until the gateway takes it", async () => {
  const away = new SourceError("ECONNREFUSED", { retryable: true });
  const { publishDeadLetter, letters, time } = setUp(away, away, away);
  const published = publishDeadLetter(record, REASON);
  await time.elapse(6_999);
  expect(letters).toEqual([]);
  await time.elapse(1);
  expect(await published).toBe("stored");
  expect(letters).toHaveLength(1);
});

test("one that is refused for good is logged with its place, and holds nothing up", async () => {
  const { publishDeadLetter, letters, log } = setUp(new SourceError("too large", { retryable: false }));
  expect(await publishDeadLetter(record, REASON)).toBe("refused");
  expect(letters).toEqual([]);
  expect(log.lines).toMatchObject([{ level: "error", topic: "requests", partition: 2, offset: 7, err: { message: "too large" } }]);
});

test("is counted by its record's topic once it is stored, and not if it is refused", async () => {
  const { publishDeadLetter, counted } = setUp(new SourceError("too large", { retryable: false }));
  await publishDeadLetter(record, REASON);
  expect(counted).toEqual([]);
  await publishDeadLetter(record, REASON);
  expect(counted).toEqual(["requests"]);
});

test("is not done if the process stops before", async () => {
  const { publishDeadLetter, stop, time } = setUp(new SourceError("ECONNREFUSED", { retryable: true }));
  const published = publishDeadLetter(record, REASON);
  await time.elapse(10);
  stop.abort();
  expect(await published).toBe("stopped");
});
