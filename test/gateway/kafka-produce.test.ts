import { expect, test } from "vitest";
import { createBudget } from "../../gateway/budgets.ts";
import { errorBody, GatewayError } from "../../gateway/gateway-error.ts";
import { produceRecords } from "../../gateway/kafka/produce.ts";
import { KafkaError, type KafkaErrorCode } from "../../kafka/kafka-error.ts";
import { ProduceError, type ProduceOutcome } from "../../kafka/produce-error.ts";

const MIB = 1024 * 1024;
const STORED = { topic: "t", partition: 0, offset: 7, timestamp: 5 };

/** What a call is answered when its records had these outcomes. */
const failureOf = async (...outcomes: readonly (KafkaErrorCode | "stored")[]): Promise<GatewayError> => {
  const all = outcomes.map((outcome): ProduceOutcome => (outcome === "stored" ? STORED : new KafkaError(outcome, "detail")));
  const producer = { produce: () => Promise.reject(new ProduceError(all)), close: async () => {} };
  const queue = createBudget(MIB, "Full.");
  const records = all.map(() => ({ topic: "t", value: "v", headers: [] }));
  const failure = await produceRecords(producer, queue, records).catch((error: unknown) => error);
  expect(queue.used()).toBe(0);
  expect(failure).toBeInstanceOf(GatewayError);
  return failure as GatewayError;
};

test("nothing stored and worth another try is 503, without a word on the cluster", async () => {
  const failure = await failureOf("unavailable", "unavailable");
  expect(failure).toMatchObject({ status: 503, retryAfterSeconds: 1, results: undefined });
  expect(failure.message).toBe("Kafka is not available. Try again a little later.");
});

test.each([
  ["too-large", 413],
  ["unauthorized", 403],
  ["unknown-topic", 404],
  ["rejected", 400],
] as const)("nothing stored for a record that is %s is %d, and names the records to blame alone", async (code, status) => {
  const failure = await failureOf("unavailable", code);
  expect(failure).toMatchObject({ status, message: expect.stringMatching(/detail.*Nothing was stored/), retryAfterSeconds: undefined });
  expect(errorBody(failure)).toMatchObject({ status, results: [{ index: 1, error: expect.stringMatching(/detail/) }] });
});

test("some stored is 500, with what became of each", async () => {
  const failure = await failureOf("stored", "too-large", "unavailable");
  expect(errorBody(failure)).toMatchObject({
    status: 500,
    results: [
      { index: 0, ...STORED },
      { index: 1, error: expect.stringMatching(/larger/) },
      { index: 2, error: expect.stringMatching(/not available/) },
    ],
  });
});

test("a record of which nobody knows is 500, and left out of the results", async () => {
  expect(errorBody(await failureOf("unknown", "unavailable"))).toMatchObject({ status: 500, results: [{ index: 1 }] });
  expect(errorBody(await failureOf("unknown"))).toMatchObject({ status: 500, results: [] });
});

test("records beyond what may be under way are refused before they are sent", async () => {
  const queue = createBudget(MIB, "Full.");
  const { promise, resolve } = Promise.withResolvers<readonly (typeof STORED)[]>();
  const producer = { produce: () => promise, close: async () => {} };
  const produce = (count: number) =>
    produceRecords(
      producer,
      queue,
      Array.from({ length: count }, () => ({ topic: "t", value: "", headers: [] })),
    );
  const under = produce(1_000);
  await expect(produce(100)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1, message: expect.stringMatching(/^Full/) });
  resolve([STORED]);
  expect(await under).toEqual([STORED]);
  expect(queue.used()).toBe(0);
});
