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
import type { OtherProxy } from "./other-proxy.ts";

/** `native` is the producer without a gateway before it, `other` another proxy. */
export type CaseName = "native" | "gateway" | "other" | "native 100" | "gateway 100" | "other 100";

export type SuiteResult = {
  readonly isOwnCluster: boolean;
  /** What else was measured beside the gateway, if anything. */
  readonly otherProxy: string | undefined;
  readonly produces: readonly CaseRounds<CaseName>[];
  readonly consumption: Consumption;
  readonly flood: Flood;
};

const PRODUCE_CONNECTIONS = [1, 32] as const;
/** Of what has {@link LARGE} records a call. */
export const LARGE_CONNECTIONS = 4;

const PRODUCED = "produced-natively";
const PARTITIONS = 6;

/** Measures on a cluster: the gateway beside the native producer, and beside another proxy if there is one; and its memory in a flood. */
export const runSuite = (other: OtherProxy | undefined, pace: Pace, say: (line: string) => void): Promise<SuiteResult> =>
  duringLifetime(startMeasuredKafka(), async (kafka) => {
    await kafka.createTopic(PRODUCED, PARTITIONS);
    await other?.expectToStore(PRODUCED);
    const { produces, consumption } = await duringLifetime(startGateway(kafka), async (gateway) => {
      const measured = await measureProduces({ kafka, gateway, other }, pace, say);
      say("consuming");
      return {
        produces: measured,
        consumption: await measureConsumption(gateway, kafka.connection, { posts: pace.consumedPosts, rounds: pace.rounds }),
      };
    });
    say(`flood of ${pace.kafkaFloodMs / 1_000} s`);
    const flood = await runFlood(startGateway(kafka, { GATEWAY_RETENTION_BYTES: String(FLOOD_RETENTION_BYTES) }), pace.kafkaFloodMs);
    return { isOwnCluster: kafka.isOwn, otherProxy: other?.name, produces, consumption, flood };
  });

const startGateway = (kafka: MeasuredKafka, variables: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> =>
  startGatewayProcess(undefined, { GATEWAY_ENGINE: "kafka", KAFKA_BROKERS: kafka.brokers.join(","), ...variables });

type Producers = { readonly kafka: MeasuredKafka; readonly gateway: Server; readonly other: OtherProxy | undefined };

const measureProduces = ({ kafka, gateway, other }: Producers, pace: Pace, say: (line: string) => void): Promise<CaseRounds<CaseName>[]> =>
  duringLifetime(Promise.resolve(createNativeProduce(kafka.connection, PRODUCED)), (native) =>
    measureWarm(
      [
        ...PRODUCE_CONNECTIONS.flatMap((connections): Case<CaseName>[] => [
          { name: "native", work: native.calls(1), connections },
          { name: "gateway", work: createSmallPosts(gateway), connections },
          ...(other === undefined ? [] : [{ name: "other" as const, work: other.posts(PRODUCED, 1), connections }]),
        ]),
        { name: "native 100", work: native.calls(LARGE), connections: LARGE_CONNECTIONS },
        { name: "gateway 100", work: createLargePosts(gateway), connections: LARGE_CONNECTIONS },
        ...(other === undefined
          ? []
          : [{ name: "other 100" as const, work: other.posts(PRODUCED, LARGE), connections: LARGE_CONNECTIONS }]),
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
