import { versionOf } from "../conditions.ts";
import { type MeasuredKafka, withMeasuredKafka } from "../kafka/broker.ts";
import type { Pace } from "../pace.ts";
import type { StackLog } from "../path/stack.ts";
import type { Section, SectionResult } from "../section.ts";
import { formatBills, summarizeBills } from "./bill-result.ts";
import { formatCpuTime, summarizeCpuTime } from "./cpu-result.ts";
import { measureCpuTime } from "./cpu-time.ts";
import { knowsThreadTimes } from "./thread-times.ts";
import { measureUsage } from "./usage.ts";

/** What one request and its reply cost: processor time of each process, and what Cloudflare bills. */
export const costsSection: Section = {
  conditions: () => ({
    workerd: versionOf("workerd"),
    client: `@platformatic/kafka ${versionOf("@platformatic/kafka")}`,
    mailboxShards: 1,
    processorTime: "schedstat of all threads, before and after each measurement",
  }),
  async measure(pace, say) {
    const onKafka = await withMeasuredKafka("processor time by process", say, async (kafka) => [
      ...(await cpuTime(kafka, pace, say)),
      await bills(kafkaName(kafka), { kafkaBrokers: kafka.brokers }, pace, say),
    ]);
    return onKafka ?? [await bills("on the embedded engine", { fsync: "os" }, pace, say)];
  },
};

type Say = (line: string) => void;

const kafkaName = ({ isOwn }: MeasuredKafka): string => (isOwn ? "on one node of Apache Kafka" : "on the cluster of KAFKA_BROKERS");

const cpuTime = async (kafka: MeasuredKafka, pace: Pace, say: Say): Promise<SectionResult[]> => {
  if (!knowsThreadTimes) {
    say("NOT MEASURED: processor time by process. It takes Linux, which tells what each thread has used.");
    return [];
  }
  say("measuring processor time by process");
  const result = summarizeCpuTime(kafka.isOwn, await measureCpuTime(kafka, pace, say));
  return [{ result, text: formatCpuTime(result), mismeasured: [] }];
};

const bills = async (on: string, log: StackLog, pace: Pace, say: Say): Promise<SectionResult> => {
  say("counting what Cloudflare bills");
  const result = summarizeBills(on, await measureUsage(log, pace, say));
  return { result, text: formatBills(result), mismeasured: [] };
};
