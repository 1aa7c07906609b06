import fc from "fast-check";
import { expect, test } from "vitest";
import type { CorrelationId } from "../../../worker/correlation-id.ts";
import type { ProduceBatches } from "../../../worker/mailbox/produce-batches.ts";
import type { PublishResult } from "../../../worker/request-publisher.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { createTestKv, dropTables, openMailbox } from "../support/mailbox.ts";
import type { TestStorage } from "../support/test-host.ts";
import { idsAt, keyOf, replyFor } from "../support/worker.ts";

type ProduceResult = Awaited<ReturnType<ProduceBatches["produce"]>>;

/** What a produce call comes to: whether Kafka has the record, and what the mailbox hears of it, if it lives to. */
const anyFate = fc.constantFrom(
  ...([
    { isStored: true, outcome: { outcome: "stored", metadata: undefined } },
    { isStored: true, outcome: { outcome: "stored", metadata: undefined } },
    { isStored: false, outcome: { outcome: "unavailable", detail: "Away." } },
    { isStored: false, outcome: { outcome: "overloaded" } },
    { isStored: true, outcome: { outcome: "unknown", detail: "Who knows." } },
    { isStored: false, outcome: { outcome: "unknown", detail: "Who knows." } },
    { isStored: true, outcome: "crash" },
    { isStored: false, outcome: "crash" },
  ] as const satisfies readonly { readonly isStored: boolean; readonly outcome: ProduceResult | "crash" }[]),
);
type Fate = typeof anyFate extends fc.Arbitrary<infer Value> ? Value : never;

const anyStep = fc.oneof(
  // Callers who send the same, or something else, with one of two keys at once. Their answers may get lost: then they send again.
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      name: fc.constantFrom("one", "two"),
      requests: fc.array(fc.constantFrom("sum", "sum", "echo"), { minLength: 1, maxLength: 4 }),
      fates: fc.array(anyFate, { minLength: 2, maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("reply" as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), seconds: fc.constantFrom(1, 31, 91, 3_700) }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: "sweep" as const }, { kind: "reset" as const }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

const simulate = async (storage: TestStorage, steps: readonly Step[]): Promise<void> => {
  dropTables(storage);
  let now = Date.parse("2026-06-01T12:00:00Z");
  const { kv } = createTestKv();
  const ids = idsAt(() => now);
  const made = new Map<string, CorrelationId>();
  /** What is in Kafka, by correlation ID: for which key and request, and whether everybody knew. */
  const kafka = new Map<string, { readonly name: string; readonly request: string; count: number; doubts: number }>();
  let fates: Fate[] = [];
  let crashed = Promise.withResolvers<void>();

  const open = () => {
    const produce: ProduceBatches["produce"] = async ({ value }) => {
      const [text = "", name = "", request = ""] = value.split(" ");
      const fate = fates.shift() ?? { isStored: true, outcome: { outcome: "stored", metadata: undefined } };
      const known = kafka.get(text) ?? { name, request, count: 0, doubts: 0 };
      kafka.set(text, known);
      if (fate.isStored) known.count += 1;
      if (fate.outcome !== "crash") {
        if (fate.outcome.outcome === "unknown") known.doubts += 1;
        return fate.outcome;
      }
      known.doubts += 1;
      crashed.resolve();
      return new Promise(() => {});
    };
    return openMailbox(storage, { kv, now: () => now, batches: { produce } }).mailbox;
  };
  let mailbox = open();

  /** As the route does. Undefined: nobody answers any more. */
  const send = async (name: string, request: string): Promise<{ result: PublishResult; id: string } | undefined> => {
    const created = await ids.create({ shard: 0, deadlineSeconds: 30, retentionSeconds: 3_600 });
    made.set(created.text, created);
    const publish = (text: string) => {
      const key = keyOf(made.get(text) as CorrelationId);
      const record = { topic: "requests", value: `${text} ${name} ${request}`, headers: [] };
      return mailbox.publish(key, record, 0, undefined, { name, request });
    };
    let id = created.text;
    const answer = async () => {
      let result = await publish(id);
      while (result.outcome === "claimed") result = await publish((id = result.first.text));
      return { result, id: result.first?.text ?? id };
    };
    return Promise.race([answer(), crashed.promise.then(() => undefined)]);
  };

  for (const step of steps) {
    if (step.kind === "pass") now += step.seconds * 1_000;
    else if (step.kind === "sweep") await mailbox.sweep();
    else if (step.kind === "reset") mailbox = open();
    else if (step.kind === "reply") {
      const [text, record] = [...kafka].filter(([, { count }]) => count > 0)[step.which] ?? [];
      if (text !== undefined && record !== undefined)
        await mailbox.write([replyFor(made.get(text) as CorrelationId, { body: JSON.stringify(record.request) })]);
    } else {
      const { name, requests } = step;
      fates = [...step.fates];
      const answers = await Promise.all(requests.map((request) => send(name, request)));
      const taken = new Set<string>();
      for (const [index, answer] of answers.entries()) {
        if (answer?.result.outcome !== "stored") continue;
        taken.add(answer.id);
        // Nobody is told of a request that Kafka does not have, nor of another caller's key, nor of another request.
        expect(kafka.get(answer.id)).toMatchObject({ name, request: requests[index] });
        expect(kafka.get(answer.id)?.count).toBeGreaterThan(0);
        if (answer.result.status?.state === "succeeded") expect(answer.result.status.body).toBe(JSON.stringify(requests[index]));
      }
      // Those who send at once are told of one request.
      expect(taken.size).toBeLessThanOrEqual(1);
      // Whoever is told that the key is taken would be told so again, in a mailbox that knows only what is written.
      if (answers.includes(undefined)) {
        crashed = Promise.withResolvers();
        mailbox = open();
      }
    }
  }
  // No record is there twice, unless a crash or a proxy left it open whether it was there; and then once for each of these at most.
  for (const { count, doubts } of kafka.values()) expect(count).toBeLessThanOrEqual(1 + doubts);
  // Of what certainly is in Kafka and keeps its key, there is one for each key at a time.
  for (const name of ["one", "two"]) {
    const certain = [...kafka].filter(([, record]) => record.name === name && record.count > 0 && record.doubts === 0);
    const lives = certain.map(([text]) => made.get(text) as CorrelationId).toSorted((a, b) => a.createdAt - b.createdAt);
    for (const [index, { createdAt }] of lives.entries())
      if (index > 0) expect(createdAt).toBeGreaterThanOrEqual(lives[index - 1]?.expiresAt ?? 0);
  }
};

test("a key is one request, whatever crashes, gets lost or comes at once", async () => {
  await host.inStorage((storage) =>
    fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 14 }), (steps) => simulate(storage, steps)),
      { numRuns: 300 },
    ),
  );
});
