import fc from "fast-check";
import { expect, test } from "vitest";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import { createApp } from "../../../worker/app.ts";
import type { ProduceOutcome } from "../../../worker/producer.ts";
import { directPublisher } from "../../../worker/request-publisher.ts";
import { contract } from "../../project/app/contract.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { batchInit, itemOf, resultsOf } from "../support/batches.ts";
import { idsAt } from "../support/worker.ts";

/** An item, what its record says if it has one, and what becomes of it. */
type Item = { readonly text: string; readonly value?: string; readonly becomes: string | number };

const valid = fc
  .tuple(fc.json(), fc.constantFrom("", " ", "\n  "), fc.boolean())
  .filter(([json]) => !json.includes("__proto__"))
  .map(([value, space, isFirst]): Item => {
    const [operation, data] = [`"operation"${space}:"echo"`, `"data":${space}${value}`];
    return { text: `{${space}${isFirst ? operation : data},${space}${isFirst ? data : operation}${space}}`, value, becomes: 202 };
  });

/** What Kafka does with a record says its data. */
const unproduced = fc
  .constantFrom(["rejected", "PRODUCE_REJECTED"], ["unavailable", "PRODUCE_UNAVAILABLE"], ["unknown", "PRODUCE_UNKNOWN"])
  .map(([outcome, becomes]): Item => ({
    text: itemOf("echo", { outcome }),
    value: JSON.stringify({ outcome }),
    becomes: becomes as string,
  }));

const invalid = fc.oneof(
  fc.json().map((json): Item => ({ text: `{"operation":"sum","data":[${json}]}`, becomes: "INVALID_REQUEST" })),
  fc.string().map((name): Item => ({ text: itemOf(`no ${name}`, 1), becomes: "UNKNOWN_OPERATION" })),
  fc.json().map((json): Item => ({ text: `{"operation":"echo","data":${json},"data":1}`, becomes: "INVALID_BATCH" })),
  fc.json().map((json): Item => ({ text: `[${json}]`, becomes: "INVALID_BATCH" })),
);

test("each result is of its own item, and exactly the valid ones are produced, once each and as they came", async () => {
  let calls: (readonly ProducerRecord[])[] = [];
  const outcomeOf = ({ value }: ProducerRecord): ProduceOutcome => {
    const found = /^\{"outcome":"(rejected|unavailable|unknown)"\}$/.exec(value)?.[1];
    return found === undefined
      ? { outcome: "stored", metadata: undefined }
      : { outcome: found as "rejected" | "unavailable" | "unknown", detail: "So says the test." };
  };
  const producer = {
    limits: { maxBatchRecords: 200, maxBatchBytes: 1_000_000 },
    async produce(records: readonly ProducerRecord[]) {
      calls.push(records);
      return records.map(outcomeOf);
    },
  };
  const app = createApp({
    contract,
    ids: idsAt(),
    publisher: directPublisher({ producer }),
    statuses: host.mailbox,
    shards: 8,
    source: "/worker",
    corsOrigins: [],
    replySecrets: [],
  });
  const items = fc.array(fc.oneof({ weight: 3, arbitrary: valid }, unproduced, invalid), { minLength: 1, maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(items, async (batch) => {
      calls = [];
      const body = `{"requests":[${batch.map(({ text }) => text).join(",")}]}`;
      const results = await resultsOf(await app.request("/requests:batch", batchInit(body)));
      expect(results.map(({ status, code }) => code ?? status)).toEqual(batch.map(({ becomes }) => becomes));
      const sent = batch.flatMap(({ value, becomes }, index) => (value === undefined ? [] : [{ value, becomes, result: results[index] }]));
      expect(calls.length).toBe(sent.length === 0 ? 0 : 1);
      const records = calls.flat();
      expect(records.map(({ value }) => value)).toEqual(sent.map(({ value }) => value));
      const ids = records.map(({ headers }) => headers.find(({ key }) => key === "ce_correlationid")?.value);
      expect(new Set(ids).size).toBe(records.length);
      for (const [index, { result, becomes }] of sent.entries())
        expect(result?.correlationId).toBe([202, "PRODUCE_UNKNOWN"].includes(becomes) ? ids[index] : undefined);
    }),
    { numRuns: 200 },
  );
});
