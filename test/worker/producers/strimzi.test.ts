import { describe, expect, test } from "vitest";
import { basicAuthorization } from "../../../worker/producers/proxy-connection.ts";
import { strimziProducer } from "../../../worker/producers/strimzi.ts";
import { newRequest, recordOf } from "../../helpers/live-producer.ts";
import { describeProducer, openExchange } from "./producer-contract.ts";

const open = (url: string, password = "secret") => strimziProducer({ url, authorization: basicAuthorization("tester", password) });

describe("producing through the Strimzi Kafka Bridge", () => {
  describeProducer({
    recording: "strimzi",
    open,
    exchanges: {
      stored: ["stored", "stored", "stored"],
      // Its 500 for a record is anything, before or after sending.
      "too-large-in-part": ["unknown", "stored"],
      "invalid-topic": ["unknown"],
      "no-partition-in-part": ["unavailable", "stored"],
      "no-topic-in-metadata": ["unavailable"],
      "wrong-format": ["rejected", "rejected"],
      "wrong-schema": ["rejected"],
      "wrong-text": ["rejected"],
      malformed: ["rejected"],
      "not-found": ["rejected"],
      "method-not-allowed": ["rejected"],
      "no-results": ["unknown"],
      asynchronous: ["unknown"],
      overloaded: ["unavailable"],
    },
  });

  test("one bad record of a batch does not take the others with it", async () => {
    const { url, sent } = openExchange("strimzi", "stored-alone");
    const records = ["good", "bad", "good"].map((data) => recordOf(newRequest({ data })));
    const outcomes = await open(url).produce(records, Date.now() + 5_000);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["stored", "rejected", "stored"]);
    expect((await sent()).map((batch) => batch.length)).toEqual([3, 1, 1, 1]);
  });

  test("an answer about another number of records says nothing of any", async () => {
    const records = [recordOf(newRequest()), recordOf(newRequest())];
    const outcomes = await open(openExchange("strimzi", "stored").url).produce(records, Date.now() + 5_000);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["unknown", "unknown"]);
  });

  test("is told from a proxy that takes no text", async () => {
    expect(await open(openExchange("karapace", "only-lookups").url).check(["requests"], Date.now() + 5_000)).toEqual([
      expect.stringMatching(/415 .*Check KAFKA_REST_KIND/),
    ]);
  });

  test("without Kafka behind it is reported as a problem", async () => {
    expect(await open(openExchange("strimzi", "no-topic-in-metadata").url).check(["requests"], Date.now() + 5_000)).toEqual([
      expect.stringMatching(/500 .*listTopics.* has a problem/),
    ]);
  });
});
