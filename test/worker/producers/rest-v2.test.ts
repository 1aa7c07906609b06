import { describe, expect, test } from "vitest";
import { basicAuthorization } from "../../../worker/producers/proxy-connection.ts";
import { restV2Producer } from "../../../worker/producers/rest-v2.ts";
import { newRequest, recordOf } from "../../helpers/live-producer.ts";
import { describeProducer, openExchange } from "./producer-contract.ts";

const open = (url: string, password = "secret") => restV2Producer({ url, authorization: basicAuthorization("tester", password) });

describe("producing through Karapace", () => {
  describeProducer({
    recording: "karapace",
    open,
    exchanges: {
      stored: ["stored", "stored", "stored"],
      "unknown-offset-in-part": ["stored", "unknown", "stored"],
      // 422, and yet the other record was stored. Its two codes do not tell whether the first was sent.
      "no-partition-in-part": ["unknown", "stored"],
      "too-large-in-part": ["unknown", "stored"],
      "too-large": ["rejected", "rejected"],
      "no-topic": ["rejected", "rejected"],
      // It says so of wrong credentials too, so it may be of use to try again.
      "kafka-away": ["unavailable"],
      "wrong-request": ["rejected"],
      "wrong-format": ["rejected"],
      "wrong-base64": ["rejected"],
      malformed: ["rejected"],
      "not-found": ["rejected"],
      "method-not-allowed": ["rejected"],
      "no-broker": ["unavailable"],
    },
  });

  test("one bad record of a batch does not take the others with it", async () => {
    const { url, sent } = openExchange("karapace", "stored-alone");
    const records = ["good", "bad", "good"].map((data) => recordOf(newRequest({ data })));
    const outcomes = await open(url).produce(records, Date.now() + 5_000);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["stored", "rejected", "stored"]);
    expect((await sent()).map((batch) => batch.length)).toEqual([3, 1, 1, 1]);
  });

  test("a topic that is not there is refused once, not once a record", async () => {
    const { url, sent } = openExchange("karapace", "no-topic");
    await open(url).produce([recordOf(newRequest()), recordOf(newRequest())], Date.now() + 5_000);
    expect(await sent()).toHaveLength(1);
  });

  test("what is no CloudEvent is rejected, since nothing could carry its headers", async () => {
    const { url, sent } = openExchange("karapace", "stored-alone");
    const foreign = { ...recordOf(newRequest()), headers: [{ key: "a", value: "b" }] };
    const outcomes = await open(url).produce([foreign, recordOf(newRequest())], Date.now() + 5_000);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["rejected", "stored"]);
    expect(await sent()).toHaveLength(1);
  });

  test("without Kafka behind it is not taken for one with other credentials only", async () => {
    expect(await open(openExchange("karapace", "kafka-away").url).check(["requests"], Date.now() + 5_000)).toEqual([
      expect.stringMatching(/403 .*whether the proxy reaches Kafka/),
    ]);
  });
});

describe("producing through Redpanda", () => {
  describeProducer({
    recording: "redpanda",
    open,
    exchanges: {
      stored: ["stored", "stored", "stored"],
      "stored-in-two-partitions": ["stored", "stored", "stored"],
      "no-topic": ["unavailable"],
      "too-large": ["rejected", "rejected"],
      // An entry is of a partition, and which records went there it does not say.
      "failed-in-one-of-two-partitions": ["unknown", "unknown"],
      "failed-in-two-partitions": ["unknown", "unknown", "unknown"],
      "timed-out": ["unknown"],
      "not-enough-replicas-after-append": ["unknown"],
    },
  });

  test("records of one partition follow the first; of several, nobody knows where they are", async () => {
    const placesOf = async (exchange: string) => {
      const records = [recordOf(newRequest()), recordOf(newRequest())];
      const outcomes = await open(openExchange("redpanda", exchange).url).produce(records, Date.now() + 5_000);
      return outcomes.map((outcome) => outcome.outcome === "stored" && outcome.metadata);
    };
    expect(await placesOf("stored")).toEqual([7, 8].map((offset) => ({ topic: "requests", partition: 0, offset })));
    expect(await placesOf("stored-in-two-partitions")).toEqual([undefined, undefined]);
  });
});

describe("producing through Confluent's REST API v2", () => {
  describeProducer({
    recording: "confluent-v2",
    open,
    exchanges: {
      stored: ["stored", "stored"],
      "retriable-in-part": ["stored", "unknown"],
      "kafka-error": ["unknown"],
      "forbidden-topic": ["rejected"],
      "no-topic": ["rejected"],
      internal: ["unknown"],
    },
  });
});
