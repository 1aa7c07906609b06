import { describe, expect, test } from "vitest";
import { confluentProducer } from "../../../worker/producers/confluent.ts";
import { basicAuthorization } from "../../../worker/producers/proxy-connection.ts";
import { newRequest, recordOf } from "../../helpers/live-producer.ts";
import { describeProducer, openExchange } from "./producer-contract.ts";

const open = (url: string, password = "secret", clusterId = "lkc-1") =>
  confluentProducer({ url, authorization: basicAuthorization("tester", password), clusterId });

describe("producing through Confluent's REST API v3", () => {
  describeProducer({
    recording: "confluent-v3",
    open,
    exchanges: {
      stored: ["stored", "stored", "stored"],
      "not-base64-in-part": ["rejected", "stored"],
      "throttled-in-part": ["stored", "unavailable"],
      retriable: ["unknown"],
      "kafka-error": ["unknown"],
      "unauthorized-topic": ["rejected"],
      closing: ["unknown"],
      "one-left-out": ["stored", "unknown"],
      "of-another": ["unknown"],
      "unrecognized-field": ["rejected", "rejected"],
      "refused-in-200": ["rejected"],
      "throttled-in-200": ["unavailable", "unavailable"],
      throttled: ["unavailable"],
      "failed-in-200": ["unknown"],
      unauthorized: ["rejected"],
      forbidden: ["rejected"],
      "no-cluster": ["rejected"],
      "wrong-content-type": ["rejected"],
      unavailable: ["unavailable"],
      internal: ["unknown"],
    },
  });

  test("says which record was stored where, though the answer has them in another order", async () => {
    const { url } = openExchange("confluent-v3", "stored");
    const outcomes = await open(url).produce(
      [1, 2, 3].map(() => recordOf(newRequest())),
      Date.now() + 5_000,
    );
    expect(outcomes.map((outcome) => outcome.outcome === "stored" && outcome.metadata)).toEqual([
      { topic: "requests", partition: 1, offset: 4 },
      { topic: "requests", partition: 0, offset: 8 },
      { topic: "requests", partition: 0, offset: 9 },
    ]);
  });

  test("takes no more records in a call than the endpoint does", () => {
    expect(open("https://proxy.example").limits.maxBatchRecords).toBe(10);
  });

  test("one bad record of a batch does not take the others with it", async () => {
    const { url, sent } = openExchange("confluent-v3", "stored-alone");
    const records = ["good", "bad", "good"].map((data) => recordOf(newRequest({ data })));
    const outcomes = await open(url).produce(records, Date.now() + 5_000);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["stored", "rejected", "stored"]);
    expect((await sent()).map((batch) => batch.length)).toEqual([3, 1, 1, 1]);
  });

  test("a cluster that is not there is named, with what its URL must be", async () => {
    const { url } = openExchange("confluent-v3", "only-lookups");
    expect(await open(url, "secret", "lkc-2").check(["requests"], Date.now() + 5_000)).toEqual([
      expect.stringMatching(/lkc-2 was answered with 404.*\/kafka at its end, and the ID of its cluster/),
    ]);
  });
});
