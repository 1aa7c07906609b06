import { createLargePosts, createSmallPosts, LARGE, type Server } from "../gateway/requests.ts";
import { type Flood, FLOOD_RETENTION_BYTES, runFlood } from "../gateway/flood.ts";
import { type GatewayProcess, startGatewayProcess } from "../gateway/gateway-process.ts";
import { duringLifetime } from "../lifetime.ts";
import { measureLoad } from "../load.ts";
import type { Pace } from "../pace.ts";
import { type Case, type CaseRounds, measureRounds } from "../rounds.ts";
import { type MeasuredKafka, startMeasuredKafka } from "./broker.ts";
import { type Consumption, measureConsumption } from "./consume.ts";
import { createNativeProduce } from "./native-produce.ts";

/** `native` is the producer without a gateway before it. */
export type CaseName = "native" | "gateway" | "native 100" | "gateway 100";

export type SuiteResult = {
  readonly isOwnCluster: boolean;
  readonly produces: readonly CaseRounds<CaseName>[];
  readonly consumption: Consumption;
  readonly flood: Flood;
};

export const PRODUCE_CONNECTIONS = [1, 32] as const;
/** Of what has {@link LARGE} records a call. */
export const LARGE_CONNECTIONS = 4;

const PRODUCED = "produced-natively";
const PARTITIONS = 6;

/** Measures on a cluster: the gateway beside the native producer, and its memory in a flood. */
export const runSuite = (pace: Pace, say: (line: string) => void): Promise<SuiteResult> =>
  duringLifetime(startMeasuredKafka(), async (kafka) => {
    await kafka.createTopic(PRODUCED, PARTITIONS);
    const { produces, consumption } = await duringLifetime(startGateway(kafka), async (gateway) => {
      const measured = await measureProduces(kafka, gateway, pace, say);
      say("consuming");
      return {
        produces: measured,
        consumption: await measureConsumption(gateway, kafka.connection, { posts: pace.consumedPosts, rounds: pace.rounds }),
      };
    });
    say(`flood of ${pace.kafkaFloodMs / 1_000} s`);
    const flood = await runFlood(startGateway(kafka, { GATEWAY_RETENTION_BYTES: String(FLOOD_RETENTION_BYTES) }), pace.kafkaFloodMs);
    return { isOwnCluster: kafka.isOwn, produces, consumption, flood };
  });

const startGateway = (kafka: MeasuredKafka, variables: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> =>
  startGatewayProcess(undefined, { GATEWAY_ENGINE: "kafka", KAFKA_BROKERS: kafka.brokers.join(","), ...variables });

const measureProduces = (kafka: MeasuredKafka, gateway: Server, pace: Pace, say: (line: string) => void): Promise<CaseRounds<CaseName>[]> =>
  duringLifetime(Promise.resolve(createNativeProduce(kafka.connection, PRODUCED)), (native) =>
    measureWarm(
      [
        ...PRODUCE_CONNECTIONS.flatMap((connections): Case<CaseName>[] => [
          { name: "native", work: native.calls(1), connections },
          { name: "gateway", work: createSmallPosts(gateway), connections },
        ]),
        { name: "native 100", work: native.calls(LARGE), connections: LARGE_CONNECTIONS },
        { name: "gateway 100", work: createLargePosts(gateway), connections: LARGE_CONNECTIONS },
      ],
      pace,
      say,
    ),
  );

/** Each of them once before it counts, so that every just-in-time compiler has seen its work. */
const measureWarm = async (cases: readonly Case<CaseName>[], pace: Pace, say: (line: string) => void): Promise<CaseRounds<CaseName>[]> => {
  for (const { work, connections } of cases) await measureLoad(work, { connections, warmUpMs: 0, measureMs: pace.firstWarmUpMs });
  return measureRounds(cases, pace, say);
};
