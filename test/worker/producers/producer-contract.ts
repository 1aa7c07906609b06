import { describe, expect, test } from "vitest";
import { readRecord } from "../../../consumer/reading.ts";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { ProduceOutcome, Producer } from "../../../worker/producer.ts";
import { newRequest, recordOf } from "../../helpers/live-producer.ts";
import { testEnv } from "../support/worker.ts";

type Outcome = ProduceOutcome["outcome"];

/** What the contract needs of a driver. */
export type ProducerStage = {
  /** A file of recorded/. */
  readonly recording: string;
  /** A driver of the caller tester with the password secret, or another. */
  open(url: string, password?: string): Producer;
  /** What each exchange of the recording makes of records, by its name. */
  readonly exchanges: Readonly<Record<string, readonly Outcome[]>>;
};

/** What may stand before any proxy, or come between. */
const FAULTS: Readonly<Record<string, Outcome>> = {
  "html-200": "unknown",
  "html-403": "rejected",
  "html-413": "rejected",
  "html-429": "unavailable",
  "html-500": "unknown",
  "html-502": "unknown",
  "html-503": "unknown",
  "html-504": "unknown",
  redirect: "rejected",
  empty: "unknown",
  "no-content": "unknown",
  garbage: "unknown",
  null: "unknown",
  "half-a-document": "unknown",
  "hang-up": "unknown",
  "cut-off": "unknown",
};

type Sent = { readonly topic: string; readonly key: string | null; readonly value: string; readonly headers: ProducerRecord["headers"] };

/** A proxy that plays an exchange for one test alone. */
export const openExchange = (recording: string, exchange: string) => {
  const url = `${testEnv.RECORDED_PROXY_URL}/${recording}/${exchange}/${crypto.randomUUID()}`;
  return { url, sent: async (): Promise<Sent[][]> => (await fetch(`${url}/sent`)).json() };
};

const inFive = (): number => Date.now() + 5_000;
const outcomesOf = (outcomes: readonly ProduceOutcome[]): Outcome[] => outcomes.map(({ outcome }) => outcome);

/** What every producer promises, on what real proxies answered. */
export const describeProducer = ({ recording, open, exchanges }: ProducerStage): void => {
  const produce = async (exchange: string, records: readonly ProducerRecord[], timeoutMs = 5_000) => {
    const { url, sent } = openExchange(recording, exchange);
    const outcomes = await open(url).produce(records, Date.now() + timeoutMs);
    return { outcomes, sent: await sent() };
  };
  const some = (count: number): ProducerRecord[] => Array.from({ length: count }, () => recordOf(newRequest()));

  test("says where each record was stored", async () => {
    const records = some(exchanges["stored"]?.length ?? 0);
    const { outcomes, sent } = await produce("stored", records);
    expect(outcomes).toEqual(
      records.map(() => ({
        outcome: "stored",
        metadata: { topic: "requests", partition: expect.any(Number), offset: expect.any(Number) },
      })),
    );
    expect(sent).toHaveLength(1);
  });

  test("a request arrives at the handler as it was accepted", async () => {
    const requests = [
      newRequest({ data: { text: 'ü€😀 "\\\n\u0000', list: [1.5, null, true, { a: {} }] }, orderingKey: "kündë €😀" }),
      newRequest({ data: "", orderingKey: "" }),
      newRequest({ data: 0, traceparent: undefined }),
      newRequest({ data: "x".repeat(100_000) }),
    ];
    const { sent } = await produce("empty", requests.map(recordOf));
    const records = sent[0] ?? [];
    expect(records.map(({ topic }) => topic)).toEqual(requests.map(() => "requests"));
    expect(records.map(({ key }) => key)).toEqual(requests.map(({ orderingKey = null }) => orderingKey));
    expect(records.map(readRecord)).toEqual(requests.map((request) => ({ kind: "request", request })));
  });

  test.each(Object.entries(exchanges))("%s: %j, and nothing that may be stored is sent again", async (exchange, expected) => {
    const { outcomes, sent } = await produce(exchange, some(expected.length));
    expect(outcomesOf(outcomes)).toEqual(expected);
    const isRefused = expected.every((outcome) => outcome === "rejected");
    if (!isRefused) expect(sent).toHaveLength(1);
  });

  test.each(Object.entries(FAULTS))("an answer that is %s makes a record %s", async (fault, expected) => {
    expect(outcomesOf((await produce(fault, some(1))).outcomes)).toEqual([expected]);
  });

  test("a proxy that never answers makes records unknown at the deadline", async () => {
    expect(outcomesOf((await produce("silent", some(2), 100)).outcomes)).toEqual(["unknown", "unknown"]);
  });

  test("once the proxy is away, what was not sent is unavailable instead of unknown", async () => {
    const producer = open(testEnv.CLOSED_PORT_URL);
    const produceOne = async () => outcomesOf(await producer.produce(some(1), inFive()));
    expect([await produceOne(), await produceOne(), await produceOne()]).toEqual([["unknown"], ["unavailable"], ["unavailable"]]);
  });

  test("wrong credentials are rejected", async () => {
    const { url } = openExchange(recording, "stored-alone");
    expect(outcomesOf(await open(url, "wrong").produce(some(2), inFive()))).toEqual(["rejected", "rejected"]);
  });

  test("no more than the proxy's error is told of its answer", async () => {
    const { outcomes } = await produce("html-403", some(1));
    expect(JSON.stringify(outcomes)).not.toMatch(/<h1>|secret/);
  });

  test("records of several topics keep their order", async () => {
    const records = some(3).map((record, index) => ({ ...record, key: String(index), topic: index === 1 ? "others/ü" : "requests" }));
    const { outcomes, sent } = await produce("empty", records);
    expect(outcomesOf(outcomes)).toEqual(["unknown", "unknown", "unknown"]);
    const values = sent.flat().filter(({ topic }) => topic === "requests");
    expect(values.map(({ key }) => key)).toEqual(["0", "2"]);
    expect(sent.flat().filter(({ topic }) => topic === "others/ü")).toHaveLength(1);
  });

  describe("asked whether requests can be produced", () => {
    const check = (exchange: string, topics: readonly string[], password?: string, timeoutMs = 5_000) =>
      open(openExchange(recording, exchange).url, password).check(topics, Date.now() + timeoutMs);

    test("has nothing to say when they can", async () => {
      expect(await check("only-lookups", ["requests"])).toEqual([]);
    });

    test("names each topic that is missing", async () => {
      expect(await check("only-lookups", ["requests", "nope"])).toEqual([expect.stringMatching(/^Topic nope does not exist/)]);
    });

    test.each([
      ["only-lookups", "wrong", /401 .*Check the user and the password/],
      ["html-403", undefined, /403.*Check what the caller may do/],
      ["html-200", undefined, /Check KAFKA_REST_KIND and the URL/],
      ["redirect", undefined, /302.*Check KAFKA_REST_KIND and the URL/],
      ["html-502", undefined, /502.*has a problem/],
      ["hang-up", undefined, /had no answer/],
    ])("%s: says what is wrong, and what to do", async (exchange, password, problem) => {
      expect(await check(exchange, ["requests"], password)).toEqual([expect.stringMatching(problem)]);
    });

    test("does not wait longer than it may", async () => {
      expect(await check("silent", ["requests"], undefined, 100)).toEqual([expect.stringMatching(/had no answer/)]);
    });
  });
};
