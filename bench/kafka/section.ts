import { type Case, findMismeasured, measureCases, type MeasuredCase, ratioOf, steadinessOf, tableOf, warmUp } from "../cases.ts";
import { createPosts, createRecords, LARGE, PARTITIONS, TOPICS_TO_MAKE } from "../gateway/requests.ts";
import { FLOOD_VARIABLES, type Flood, MIB, runFlood, tableOfFlood } from "../gateway/flood.ts";
import { createKafkaProducer, type KafkaProducer } from "../../kafka/producer.ts";
import type { Calls } from "../load.ts";
import type { Pace } from "../pace.ts";
import { measureIfStarted, type Server, startGateway } from "../processes.ts";
import { atLeast, atMost, type Goal, ratioOfRounds, type Say, type Section, spreadOf, type Table } from "../result.ts";
import { type Cluster, CLUSTER_TAKES, startCluster } from "./cluster.ts";
import { type Consumption, measureConsumption } from "./consumption.ts";
import { type OtherProxy, readOtherProxy } from "./other-proxy.ts";

/** The gateway on a Kafka cluster, beside what the native client alone can do, and beside another proxy if one is named. */
export const kafkaSection: Section = {
  conditions: () => ({ acks: "all", otherProxy: readOtherProxy(process.env)?.name ?? "none", flood: FLOOD_VARIABLES }),
  measure: (pace, say) =>
    measureIfStarted("on Kafka", CLUSTER_TAKES, say, async () => {
      say("measuring the gateway on Kafka");
      const other = readOtherProxy(process.env);
      await using cluster = await startCluster();
      const { produces, consumption } = await measureGateway(cluster, other, pace, say);
      say(`flood of ${pace.kafkaFloodMs / 1_000} s`);
      await using flooded = await startGateway({ kafkaBrokers: cluster.brokers }, TOPICS_TO_MAKE, FLOOD_VARIABLES);
      const flood = await runFlood(flooded, pace.kafkaFloodMs);
      return [
        {
          name: `the gateway on ${cluster.name}, acks=all${other === undefined ? "" : `; other: ${other.name}`}`,
          tables: [tableOf("producing", produces), tableOfConsumption(consumption), tableOfFlood(flood)],
          arithmeticMs: steadinessOf(produces),
          goals: goalsOf(other, produces, flood),
          mismeasured: findMismeasured([...produces, flood.load], "on Kafka"),
        },
      ];
    }),
};

/** So many records a call, on so many connections. The goal is `times` another proxy's rate. */
const LOADS = [
  { what: "1 connection", suffix: "", connections: 1, records: 1, times: 1.2 },
  { what: "32 connections", suffix: "", connections: 32, records: 1, times: 2 },
  { what: "100 a POST", suffix: ` ${LARGE}`, connections: 4, records: LARGE, times: 1.5 },
] as const;

const PRODUCED = "produced-natively";

const measureGateway = async (cluster: Cluster, other: OtherProxy | undefined, pace: Pace, say: Say) => {
  await cluster.createTopic(PRODUCED, PARTITIONS);
  await other?.expectToStore(PRODUCED);
  await using gateway = await startGateway({ kafkaBrokers: cluster.brokers }, TOPICS_TO_MAKE);
  await using cleanUp = new AsyncDisposableStack();
  const native = cleanUp.adopt(createKafkaProducer(cluster.connection), (producer) => producer.close());
  const cases = createCases(native, gateway, other);
  await warmUp(cases, pace.firstWarmUpMs);
  const produces = await measureCases(cases, pace, say);
  say("consuming");
  return { produces, consumption: await measureConsumption(gateway, cluster.connection, pace.consumedPosts, pace.rounds) };
};

const createCases = (native: KafkaProducer, gateway: Server, other: OtherProxy | undefined): readonly Case[] =>
  LOADS.flatMap(({ suffix, connections, records }): Case[] => {
    const beside = { native: `native${suffix}`, ...(other !== undefined && { other: `other${suffix}` }) };
    return [
      { name: beside.native, work: createNativeCalls(native, records), connections },
      { name: `gateway${suffix}`, work: createPosts(gateway, records), connections, records, beside },
      ...(other === undefined ? [] : [{ name: `other${suffix}`, work: other.posts(PRODUCED, records), connections }]),
    ];
  });

/** The producer without a gateway: all that a gateway can hope for. */
const createNativeCalls = (producer: KafkaProducer, records: number): Calls => {
  let sent = 0;
  const next = () =>
    createRecords(PRODUCED, (sent += records), records).map(({ topic, value, headers }) => {
      const pairs = headers.map((header) => [Buffer.from(header.key), Buffer.from(header.value)] as const);
      return { topic, value: Buffer.from(value), headers: pairs };
    });
  return { open: async () => ({ call: () => producer.produce(next()), [Symbol.asyncDispose]: async () => {} }) };
};

const goalsOf = (other: OtherProxy | undefined, produces: readonly MeasuredCase[], { memory, idleBytes }: Flood): readonly Goal[] => {
  const besideOther = (other === undefined ? [] : LOADS).map(({ what, suffix, connections, times }) => {
    const ratio = ratioOf(produces, { connections, of: `gateway${suffix}`, to: `other${suffix}` });
    return atLeast(`gateway ÷ ${other?.name}, ${what}`, times, ratio, "×");
  });
  return [...besideOther, atMost("flood: memory at its peak − idle", 256, (memory.peakBytes - idleBytes) / MIB, "MiB")];
};

const tableOfConsumption = ({ records, gateway, native }: Consumption): Table => ({
  title: `one consumer takes ${records.toLocaleString("en")} records`,
  lines: [
    { name: "through the gateway", numbers: { "records/s": spreadOf(gateway), "rate ÷ native": ratioOfRounds(gateway, native) } },
    { name: "by the client alone, without commits", numbers: { "records/s": spreadOf(native) } },
  ],
});
