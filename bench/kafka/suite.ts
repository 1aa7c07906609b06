import { createLargePosts, createSmallPosts, type Server } from "../gateway/requests.ts";
import { type Flood, FLOOD_RETENTION_BYTES, runFlood } from "../gateway/flood.ts";
import { type GatewayProcess, startGatewayProcess } from "../gateway/gateway-process.ts";
import { duringLifetime } from "../lifetime.ts";
import type { Pace } from "../pace.ts";
import { type Case, type CaseRounds, measureRounds, warmUp } from "../rounds.ts";
import { type MeasuredKafka, startMeasuredKafka } from "./broker.ts";
import { type CaseName, caseNameOf, COMPARISONS, type Who } from "./comparisons.ts";
import { type Consumption, measureConsumption } from "./consume.ts";
import { createNativeProduce } from "./native-produce.ts";
import type { OtherProxy } from "./other-proxy.ts";

export type SuiteResult = {
  readonly isOwnCluster: boolean;
  /** What else was measured beside the gateway, if anything. */
  readonly otherProxy: string | undefined;
  readonly produces: readonly CaseRounds<CaseName>[];
  readonly consumption: Consumption;
  readonly flood: Flood;
};

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
  duringLifetime(Promise.resolve(createNativeProduce(kafka.connection, PRODUCED)), async (native) => {
    const cases = COMPARISONS.flatMap((comparison): Case<CaseName>[] => {
      const { connections, records } = comparison;
      const toCase = (who: Who, work: Case["work"]): Case<CaseName> => ({ name: caseNameOf(who, comparison), work, connections });
      return [
        toCase("native", native.calls(records)),
        toCase("gateway", records === 1 ? createSmallPosts(gateway) : createLargePosts(gateway)),
        ...(other === undefined ? [] : [toCase("other", other.posts(PRODUCED, records))]),
      ];
    });
    await warmUp(cases, pace.firstWarmUpMs);
    return measureRounds(cases, pace, say);
  });
