import { versionOf } from "../conditions.ts";
import { withMeasuredKafka } from "../kafka/broker.ts";
import { findMismeasured } from "../littles-law.ts";
import type { Pace } from "../pace.ts";
import type { StackLog } from "../path/stack.ts";
import type { Section, SectionResult } from "../section.ts";
import { spreadOf } from "../spread.ts";
import { formatSteadiness } from "../table.ts";
import { formatColdStarts, measureColdStarts, summarizeColdStarts } from "./cold-start.ts";
import { formatCrowdedWakeUp, measureCrowdedWakeUp, summarizeCrowdedWakeUp } from "./crowded-wake-up.ts";
import { findObstacle, measureOutstanding } from "./outstanding.ts";
import { findNotAtOnce, formatOutstanding, summarizeOutstanding } from "./outstanding-result.ts";
import { formatVariants } from "./table.ts";
import { measureVariants, PAYLOAD_BYTES, summarizeVariants, VARIANT_CONNECTIONS } from "./variants.ts";

/** What the path holds and how it grows: many who wait, more shards, consumers and bytes, and how it begins. */
export const capacitySection: Section = {
  conditions: () => ({
    workerd: versionOf("workerd"),
    engine: "embedded, fsync os, unless it says otherwise",
    memory: "PSS, summed: the Worker's process, workerd, gateway, consumer; neither broker nor load generator",
    variants: `${VARIANT_CONNECTIONS} connections; one workerd is one thread, so that shards share it`,
    payloadBytes: PAYLOAD_BYTES,
  }),
  async measure(pace, say) {
    return [...(await outstanding(pace, say)), await crowdedWakeUp(pace, say), ...(await variants(pace, say)), await coldStarts(pace, say)];
  },
};

type Say = (line: string) => void;

const outstanding = async (pace: Pace, say: Say): Promise<SectionResult[]> => {
  const what = `${pace.outstanding.toLocaleString("en")} requests that wait at once`;
  const obstacle = findObstacle(pace.outstanding);
  if (obstacle !== undefined) {
    say(`NOT MEASURED: ${what}. ${obstacle}`);
    return [];
  }
  const measure = async (on: string, log: StackLog): Promise<SectionResult> => {
    say(`measuring ${what}, ${on}`);
    const result = summarizeOutstanding(on, await measureOutstanding(log, pace, say));
    return { result, text: formatOutstanding(result), mismeasured: findNotAtOnce(result) };
  };
  const embedded = await measure("embedded", { fsync: "os" });
  const kafka = await withMeasuredKafka(what, say, ({ brokers }) => measure("on Kafka", { kafkaBrokers: brokers }));
  return kafka === undefined ? [embedded] : [embedded, kafka];
};

const crowdedWakeUp = async (pace: Pace, say: Say): Promise<SectionResult> => {
  say("measuring a wake-up, alone and in a crowd");
  const result = summarizeCrowdedWakeUp(await measureCrowdedWakeUp(pace));
  return { result, text: formatCrowdedWakeUp(result), mismeasured: [] };
};

const variants = async (pace: Pace, say: Say): Promise<SectionResult[]> => {
  say("measuring with more shards, consumers and bytes");
  const { scaled, payloads } = await measureVariants(pace, say);
  const [scaledRows, payloadRows] = [summarizeVariants(scaled), summarizeVariants(payloads)];
  const steadiness = spreadOf([...scaled, ...payloads].flatMap(({ arithmeticMs }) => arithmeticMs));
  return [
    {
      result: { name: "shards and consumers", connections: VARIANT_CONNECTIONS, rows: scaledRows, arithmeticMs: steadiness },
      text: `${formatVariants("the sum of two numbers, and its reply", scaledRows)}\n\n${formatSteadiness(steadiness)}`,
      mismeasured: findMismeasured(scaled, "capacity"),
    },
    {
      result: { name: "payload", connections: VARIANT_CONNECTIONS, rows: payloadRows, arithmeticMs: steadiness },
      text: formatVariants("an echo, and its reply", payloadRows),
      mismeasured: findMismeasured(payloads, "capacity"),
    },
  ];
};

const coldStarts = async (pace: Pace, say: Say): Promise<SectionResult> => {
  say("measuring cold starts");
  const result = summarizeColdStarts(await measureColdStarts(pace));
  return { result, text: formatColdStarts(result), mismeasured: [] };
};
