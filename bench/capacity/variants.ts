import { duringLifetimes, type Removable } from "../lifetime.ts";
import { type Case, type CaseRounds, measureRounds, medianOf, ratioOf, warmUp } from "../rounds.ts";
import { expectAnswer, post } from "../json-request.ts";
import type { Target } from "../load.ts";
import type { Pace } from "../pace.ts";
import { createTargets } from "../path/targets.ts";
import { startWholeStack } from "../path/whole-stack.ts";
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
export const measureVariants = (pace: Pace, say: (line: string) => void): Promise<Variants> =>
  duringLifetimes<Scaled[], Variants>(SCALES.map(startScaled), async (stacks) => {
    const scaled = stacks.map(({ name, target }) => toCase(name, target));
    const payloads = await createEchoes((stacks[0] as Scaled).target.origin);
    await warmUp([...scaled, ...payloads], pace.firstWarmUpMs);
    return { scaled: await measureRounds(scaled, pace, say), payloads: await measureRounds(payloads, pace, say) };
  });

type Scaled = Removable & { readonly name: string; readonly target: Target };

const startScaled = async ({ shards, consumers }: (typeof SCALES)[number]): Promise<Scaled> => {
  const stack = await startWholeStack({ fsync: "os" }, { consumers, variables: { MAILBOX_SHARDS: String(shards) } });
  const name = `${shards} ${shards === 1 ? "shard" : "shards"}, ${consumers} ${consumers === 1 ? "consumer" : "consumers"}`;
  return { name, target: createTargets(stack)["request-reply"], remove: stack.remove };
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
