import { NetworkError } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { systemClock } from "../../gateway/clock.ts";
import { readAnswer, settleTaken } from "../../gateway/kafka/answer.ts";
import type { Directory } from "../../kafka/directory.ts";
import type { Positions } from "../../gateway/kafka/positions.ts";
import type { FetchResponse } from "../../kafka/protocol.ts";
import type { Requests } from "../../kafka/library.ts";
import { createWait } from "../../gateway/kafka/wait.ts";
import { roomFor } from "./engine-contract.ts";

const END = 3;

/** A broker that keeps one record in each batch, answers each fetch with one batch, and dies after so many. */
const dyingBroker = (answers: number): Requests => {
  let left = answers;
  return {
    versionOf: async () => 17,
    async ask<Response>(_: unknown, __: string, ...args: readonly unknown[]): Promise<Response> {
      left -= 1;
      if (left < 0) throw new NetworkError("It is gone.");
      const [{ partitions }] = args[6] as [{ partitions: [{ fetchOffset: bigint }] }];
      return {
        errorCode: 0,
        responses: [{ topicId: "id", partitions: [batchAt(partitions[0].fetchOffset)] }],
      } satisfies Partial<FetchResponse> as Response;
    },
  };
};

const batchAt = (firstOffset: bigint) =>
  ({
    partitionIndex: 0,
    errorCode: 0,
    highWatermark: BigInt(END),
    records: [
      {
        firstOffset,
        lastOffsetDelta: 0,
        attributes: 0,
        firstTimestamp: 0n,
        maxTimestamp: 0n,
        records: [{ offsetDelta: 0, timestampDelta: 0n, key: null, value: Buffer.from(`${firstOffset}`), headers: [] }],
      },
    ],
  }) as unknown as FetchResponse["responses"][0]["partitions"][0];

const directory: Directory = {
  all: async () => new Map(),
  find: async () => new Map([["t", { name: "t", id: "id", leaders: [{ host: "h", port: 1 }] }]]),
  forget: () => {},
};

const positionsAt = (next: number): Positions =>
  new Map([["t/0", { topic: "t", partition: 0, next, delivered: undefined, committed: undefined, end: undefined }]]);

const read = (requests: Requests, positions: Positions, records?: number) =>
  readAnswer({
    requests,
    directory,
    positions,
    room: roomFor(records),
    wait: createWait({ timeoutMs: 0, signal: new AbortController().signal }, systemClock),
    waitMs: 0,
    isCurrent: () => true,
    moveIntoLog: async () => {},
  });

test("an answer goes on until the end of the log, or until it is full", async () => {
  expect((await read(dyingBroker(9), positionsAt(0))).records.map(({ value }) => value)).toEqual(["0", "1", "2"]);
  expect((await read(dyingBroker(9), positionsAt(0), 2)).records.map(({ value }) => value)).toEqual(["0", "1"]);
});

test("what was read before a broker died is answered, and what comes next is behind it", async () => {
  const positions = positionsAt(0);
  const { records } = await read(dyingBroker(2), positions);
  expect(records.map(({ value }) => value)).toEqual(["0", "1"]);
  expect(positions.get("t/0")?.next).toBe(2);
  await expect(read(dyingBroker(0), positions)).rejects.toMatchObject({ code: "unavailable" });
  expect(positions.get("t/0")?.next).toBe(2);
});

test("what several reads have brought is put back whole", async () => {
  const positions = positionsAt(1);
  const lost = await read(dyingBroker(9), positions);
  settleTaken(lost.taken, false);
  expect(positions.get("t/0")).toMatchObject({ next: 1, delivered: undefined });
  const written = await read(dyingBroker(9), positions);
  settleTaken(written.taken, true);
  expect(positions.get("t/0")).toMatchObject({ next: 3, delivered: 3 });
});
