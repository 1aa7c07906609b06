import { duringLifetime } from "../lifetime.ts";
import { type Case, type CaseRounds, measureRounds, medianOf, ratioOf } from "../rounds.ts";
import { expectAnswer, post } from "../json-request.ts";
import { measureLoad, type Target } from "../load.ts";
import type { Pace } from "../pace.ts";
import { type BenchStack, startBenchStack } from "../path/stack.ts";
import { createTargets } from "../path/targets.ts";
import type { Spread } from "../spread.ts";

/** A line of the table: medians of the rounds, and the rate over that of the first line in the same round. */
export type VariantRow = {
  readonly name: string;
  readonly ratePerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly rateToFirst: Spread;
};

/** The same work with more shards and consumers, and with more bytes. */
export type Variants = { readonly scaled: readonly CaseRounds[]; readonly payloads: readonly CaseRounds[] };

export const VARIANT_CONNECTIONS = 32;

const SCALES = [
  { shards: 1, consumers: 1 },
  { shards: 4, consumers: 1 },
  { shards: 1, consumers: 2 },
  { shards: 4, consumers: 2 },
] as const;

/** A tenth of what a request may have, at most: so many bodies of all connections fit into what a mailbox shard lets wait. */
export const PAYLOAD_BYTES = [100, 1_000, 10_000, 100_000] as const;

const ECHO_AROUND = JSON.stringify({ text: "" }).length;

/** Starts a stack for each, and measures all in turn: those that are not asked take no processor. */
export const measureVariants = async (pace: Pace, say: (line: string) => void): Promise<Variants> => {
  const stacks: { readonly name: string; readonly stack: BenchStack }[] = [];
  const remove = async (): Promise<void> => {
    for (const { stack } of stacks) await stack.remove();
  };
  return duringLifetime(Promise.resolve({ remove }), async () => {
    for (const { shards, consumers } of SCALES) {
      const stack = await startBenchStack({ fsync: "os" }, { variables: { MAILBOX_SHARDS: String(shards) } });
      stacks.push({
        name: `${shards} ${shards === 1 ? "shard" : "shards"}, ${consumers} ${consumers === 1 ? "consumer" : "consumers"}`,
        stack,
      });
      for (let number = 1; number <= consumers; number++)
        await stack.startConsumer({ variables: { CONSUMER_INSTANCE: `bench-${number}` } });
    }
    const scaled = stacks.map(({ name, stack }): Case => toCase(name, createTargets(stack)["request-reply"]));
    const payloads = await createEchoes((stacks[0] as { readonly stack: BenchStack }).stack.workerUrl);
    for (const { work } of [...scaled, ...payloads])
      await measureLoad(work, { connections: VARIANT_CONNECTIONS, warmUpMs: 0, measureMs: pace.firstWarmUpMs });
    return { scaled: await measureRounds(scaled, pace, say), payloads: await measureRounds(payloads, pace, say) };
  });
};

const toCase = (name: string, work: Target): Case => ({ name, work, connections: VARIANT_CONNECTIONS });

/** Each has been answered with what was sent once. */
const createEchoes = (workerUrl: string): Promise<Case[]> =>
  Promise.all(
    PAYLOAD_BYTES.map(async (bytes) => {
      const body = { text: "x".repeat(bytes - ECHO_AROUND) };
      const plain = post(workerUrl, "/requests/echo", body);
      const echo: Target = { ...plain, headers: { ...plain.headers, prefer: "wait=10" } };
      await expectAnswer(echo, body);
      return toCase(`${bytes.toLocaleString("en")} bytes`, echo);
    }),
  );

/** @throws TypeError if nothing was measured. */
export const summarizeVariants = (cases: readonly CaseRounds[]): VariantRow[] =>
  cases.map(({ name, rounds }) => ({
    name,
    ratePerSecond: medianOf(rounds, "ratePerSecond"),
    p50Us: medianOf(rounds, "p50Us"),
    p99Us: medianOf(rounds, "p99Us"),
    rateToFirst: ratioOf(rounds, cases[0]?.rounds ?? [], "ratePerSecond"),
  }));
