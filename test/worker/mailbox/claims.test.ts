import { expect, test } from "vitest";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { ProduceBatches } from "../../../worker/mailbox/produce-batches.ts";
import type { ProduceOutcome } from "../../../worker/producer.ts";
import type { CorrelationId } from "../../../worker/correlation-id.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createTestKv, openMailbox } from "../support/mailbox.ts";
import type { TestStorage } from "../support/test-host.ts";
import { createId, keyOf, replyFor } from "../support/worker.ts";

const CLAIM = { name: "key", request: "sum 2 3" };
const STORED = { outcome: "stored", metadata: undefined } as const;
const AWAY = { outcome: "unavailable", detail: "Kafka is away." } as const;
const UNKNOWN = { outcome: "unknown", detail: "Nobody knows." } as const;

const recordOf = ({ text }: { readonly text: string }): ProducerRecord => ({ topic: "requests", value: text, headers: [] });

/** Kafka that answers each record as it is told, at the end again and again. */
const createKafka = (...outcomes: readonly ProduceOutcome[]) => {
  const records: string[] = [];
  const produce: ProduceBatches["produce"] = async ({ value }) => {
    records.push(value);
    return outcomes[records.length - 1] ?? (outcomes.at(-1) as ProduceOutcome);
  };
  return { records, batches: { produce } };
};

type Opening = Partial<Parameters<typeof openMailbox>[1]> & { readonly batches: ProduceBatches };

const open = (storage: TestStorage, parts: Opening) => {
  const { mailbox } = openMailbox(storage, { kv: createTestKv().kv, now: Date.now, ...parts });
  return {
    mailbox,
    publish: (id: CorrelationId, claim = CLAIM, waitMs = 0) => mailbox.publish(keyOf(id), recordOf(id), waitMs, undefined, claim),
  };
};

test("the same request with the same key is the request that came first, pending and done, also after a restart", async () => {
  const [first, second] = await Promise.all([createId(), createId()]);
  await host.inStorage(async (storage) => {
    const kafka = createKafka(STORED);
    const { mailbox, publish } = open(storage, kafka);
    expect(await publish(first)).toEqual({ outcome: "stored", status: undefined });
    expect(await publish(second)).toEqual({ outcome: "stored", status: undefined, first: keyOf(first) });
    await mailbox.write([replyFor(first)]);
    const replayed = { outcome: "stored", status: { state: "succeeded", body: '{"sum":5}' }, first: keyOf(first) };
    expect(await publish(second)).toMatchObject(replayed);
    expect(await open(storage, kafka).publish(second)).toMatchObject(replayed);
    expect(kafka.records).toEqual([first.text]);
  });
});

test("who waits for a request that came before waits as the first did", async () => {
  const [first, second] = await Promise.all([createId(), createId()]);
  await host.inStorage(async (storage) => {
    const { mailbox, publish } = open(storage, createKafka(STORED));
    const waits = [publish(first, CLAIM, 20_000), publish(second, CLAIM, 20_000)];
    await mailbox.write([replyFor(first)]);
    for (const wait of waits) expect(await wait).toMatchObject({ outcome: "stored", status: { state: "succeeded" } });
  });
});

test("a thousand at once with one key send one record, and all are told of the same request", async () => {
  const ids = await Promise.all(Array.from({ length: 1_000 }, () => createId()));
  await host.inStorage(async (storage) => {
    const kafka = createKafka(STORED);
    const { publish } = open(storage, kafka);
    const results = await Promise.all(ids.map((id) => publish(id)));
    expect(kafka.records).toEqual([ids[0]?.text]);
    expect(new Set(results.slice(1).map(({ first }) => first?.text))).toEqual(new Set([ids[0]?.text]));
  });
});

test("another request with the same key is refused, while the first is under way and ever after", async () => {
  const [first, second] = await Promise.all([createId(), createId()]);
  await host.inStorage(async (storage) => {
    const kafka = createKafka(STORED);
    const { mailbox, publish } = open(storage, kafka);
    const other = { ...CLAIM, request: "sum 2 4" };
    const [accepted, refused] = await Promise.all([publish(first), publish(second, other)]);
    expect([accepted.outcome, refused]).toEqual(["stored", { outcome: "key-reused" }]);
    await mailbox.write([replyFor(first)]);
    expect(await publish(second, other)).toEqual({ outcome: "key-reused" });
    expect(kafka.records).toEqual([first.text]);
  });
});

test.each([AWAY, { outcome: "rejected", detail: "No." } as const])(
  "what Kafka certainly does not have leaves the key free, also for another request: $outcome",
  async (outcome) => {
    const [first, second] = await Promise.all([createId(), createId()]);
    await host.inStorage(async (storage) => {
      const kafka = createKafka(outcome, STORED);
      const { publish } = open(storage, kafka);
      expect(await publish(first)).toEqual(outcome);
      expect(await publish(second, { ...CLAIM, request: "another" })).toEqual({ outcome: "stored", status: undefined });
      expect(kafka.records).toEqual([first.text, second.text]);
    });
  },
);

test("those who came while a record was refused are refused with it", async () => {
  const [first, second] = await Promise.all([createId(), createId()]);
  await host.inStorage(async (storage) => {
    const { publish } = open(storage, createKafka(AWAY));
    expect(await Promise.all([publish(first), publish(second)])).toEqual([AWAY, { ...AWAY, first: keyOf(first) }]);
  });
});

test("a mailbox that is reset between claim and produce has the retry sent under the ID of the first", async () => {
  const [first, second, third] = await Promise.all([createId(), createId(), createId()]);
  await host.inStorage(async (storage) => {
    const never: ProduceBatches = { produce: () => new Promise(() => {}) };
    void open(storage, { batches: never }).publish(first);
    await Promise.resolve();
    const kafka = createKafka(STORED);
    const { publish } = open(storage, kafka);
    expect(await publish(second)).toEqual({ outcome: "claimed", first: keyOf(first) });
    expect(kafka.records).toEqual([]);
    const again = await Promise.all([publish(first), publish(third)]);
    expect(again).toEqual([
      { outcome: "stored", status: undefined },
      { outcome: "stored", status: undefined, first: keyOf(first) },
    ]);
    expect(kafka.records).toEqual([first.text]);
  });
});

test("what Kafka may have is sent again under its ID until that is known, and its key stays taken", async () => {
  const [first, second] = await Promise.all([createId(), createId()]);
  await host.inStorage(async (storage) => {
    const kafka = createKafka(UNKNOWN, AWAY, STORED);
    const { publish } = open(storage, kafka);
    expect(await publish(first)).toEqual(UNKNOWN);
    for (const expected of [AWAY, { outcome: "stored", status: undefined }]) {
      expect(await publish(second)).toEqual({ outcome: "claimed", first: keyOf(first) });
      expect(await publish(second, { ...CLAIM, request: "another" })).toEqual({ outcome: "key-reused" });
      expect(await publish(first)).toEqual(expected);
    }
    expect(await publish(second)).toMatchObject({ outcome: "stored", first: keyOf(first) });
    expect(kafka.records).toEqual([first.text, first.text, first.text]);
  });
});

test("what Kafka may have is not sent again once a consumer has said something of it", async () => {
  const [first, second] = await Promise.all([createId(), createId()]);
  await host.inStorage(async (storage) => {
    const kafka = createKafka(UNKNOWN);
    const { mailbox, publish } = open(storage, kafka);
    await publish(first);
    await mailbox.write([replyFor(first, { state: "processing", attempt: 1, body: null, httpStatus: 202 })]);
    expect(await publish(second)).toMatchObject({ outcome: "stored", status: { state: "processing" }, first: keyOf(first) });
    expect(kafka.records).toEqual([first.text]);
  });
});

test("what Kafka may have is not sent again after its deadline, when no handler begins any more, and does not keep its key once it has expired", async () => {
  let now = Date.now();
  const [first, second] = [await createId(), await createId({ agoMs: -95_000 })];
  await host.inStorage(async (storage) => {
    const kafka = createKafka(UNKNOWN, STORED);
    const { publish } = open(storage, { ...kafka, now: () => now });
    await publish(first);
    now += 40_000;
    expect(await publish(second)).toMatchObject({ outcome: "unknown", first: keyOf(first) });
    expect(kafka.records).toEqual([first.text]);
    now += 55_000;
    expect(await publish(second)).toEqual({ outcome: "stored", status: undefined });
    expect(kafka.records).toEqual([first.text, second.text]);
  });
});

test("what Kafka has had keeps its key even if nobody has answered it by the deadline, and the retry is told so", async () => {
  let now = Date.now();
  const [first, second] = [await createId(), await createId({ agoMs: -95_000 })];
  await host.inStorage(async (storage) => {
    const kafka = createKafka(STORED);
    const { publish } = open(storage, { ...kafka, now: () => now });
    await publish(first);
    now += 95_000;
    expect(await publish(second)).toMatchObject({ outcome: "stored", status: { state: "expired" }, first: keyOf(first) });
    expect(kafka.records).toEqual([first.text]);
  });
});

test("a key is forgotten when the retention of its request is over", async () => {
  let now = Date.now();
  const [first, second] = [await createId(), await createId({ agoMs: -3_600_000 })];
  await host.inStorage(async (storage) => {
    const kafka = createKafka(STORED);
    const { publish } = open(storage, { ...kafka, now: () => now });
    await publish(first);
    now = first.expiresAt;
    expect(await publish(second, { ...CLAIM, request: "another" })).toEqual({ outcome: "stored", status: undefined });
    expect(kafka.records).toEqual([first.text, second.text]);
  });
});

test("no record leaves before its claim is durable, and nobody is told of it", async () => {
  const id = await createId();
  await host.inStorage(async (storage) => {
    const disk = Promise.withResolvers<void>();
    const kafka = createKafka(STORED);
    const transaction = async <Result>(run: () => Result): Promise<Result> => {
      const result = storage.transactionSync(run);
      await disk.promise;
      return result;
    };
    const { publish } = open(storage, { ...kafka, transaction });
    const publishing = [publish(id), publish(await createId())];
    const turn = new Promise<"pending">((resolve) => setTimeout(() => resolve("pending")));
    expect(await Promise.race([...publishing, turn])).toBe("pending");
    expect(kafka.records).toEqual([]);
    disk.resolve();
    expect((await Promise.all(publishing)).map(({ outcome }) => outcome)).toEqual(["stored", "stored"]);
    expect(kafka.records).toEqual([id.text]);
  });
});

test("nothing is sent if the claim cannot be written, and the retry is", async () => {
  const id = await createId();
  await host.inStorage(async (storage) => {
    let isFull = true;
    const transaction = <Result>(run: () => Result): Result =>
      storage.transactionSync(() => {
        if (isFull) throw new Error("The disk is full");
        return run();
      });
    const kafka = createKafka(STORED);
    const { publish } = open(storage, { ...kafka, transaction });
    expect(await publish(id)).toEqual({ outcome: "unclaimed" });
    expect(kafka.records).toEqual([]);
    isFull = false;
    expect(await publish(id)).toEqual({ outcome: "stored", status: undefined });
  });
});

test("a request without a key writes nothing", async () => {
  const id = await createId();
  await host.inStorage(async (storage) => {
    const statements: string[] = [];
    const sql = {
      exec: (query: string, ...values: (string | number | null)[]) => (statements.push(query), storage.sql.exec(query, ...values)),
    };
    const { mailbox } = open(storage, { ...createKafka(STORED), sql });
    expect(await mailbox.publish(keyOf(id), recordOf(id), 0)).toEqual({ outcome: "stored", status: undefined });
    expect(statements).toEqual([]);
  });
});
