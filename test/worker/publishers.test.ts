import { describe, expect, test } from "vitest";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { createProducer, readProducerConfig } from "../../worker/producer-config.ts";
import { directPublisher } from "../../worker/request-publisher.ts";
import { contract } from "../project/app/contract.ts";
import { host } from "./hosts/cloudflare/test-host.ts";
import { createId, keyOf, replyFor, testEnv } from "./support/worker.ts";

const record = (key: string, topic = "requests"): ProducerRecord => ({ topic, key, value: "{}", headers: [] });
const { mailbox } = host;

describe.each([
  ["direct", directPublisher({ producer: createProducer({ kafkaRest: readProducerConfig({ ...testEnv }, contract) }, {}) })],
  ["mailbox", mailbox],
])("the %s publisher", (_, publisher) => {
  test("says that a request is stored, and knows no more of it yet", async () => {
    const id = await createId();
    expect(await publisher.publish(keyOf(id), record(id.text), 0)).toEqual({ outcome: "stored", status: undefined });
  });

  test("says why Kafka refused a request", async () => {
    const id = await createId();
    const { outcome } = await publisher.publish(keyOf(id), record(id.text, "no-such-topic"), 0);
    expect(outcome).toMatch(/rejected|unavailable/);
  });
});

test("a caller who publishes to a mailbox and waits gets the reply", async () => {
  const id = await createId();
  const published = mailbox.publish(keyOf(id), record(id.text), 20_000);
  await mailbox.write([replyFor(id)]);
  expect(await published).toMatchObject({ outcome: "stored", status: { state: "succeeded" } });
});
