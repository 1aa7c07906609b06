import { join } from "node:path";
import { partsOf } from "../../contract/contract.ts";
import type { Log } from "../../environment/log.ts";
import { pause, systemTime, type Time } from "../../environment/time.ts";
import type { SourceConfig } from "../config.ts";
import type { ConsumerDefinition } from "../define-consumer.ts";
import { openEventLog } from "../events/open-event-log.ts";
import { checkEventTopics, EventTopicError } from "../events/topic-check.ts";
import type { ConsumerObserver } from "../observe/observer.ts";
import { createOutageLog } from "../outage-log.ts";
import { type Aggregates, createAggregates } from "./aggregates.ts";
import type { Personal } from "../personal/start-personal.ts";
import type { Projector } from "./projector.ts";

type StartAggregatesOptions = {
  readonly definition: Pick<ConsumerDefinition, "contract" | "deciders">;
  readonly source: SourceConfig;
  readonly projector?: Projector | undefined;
  readonly personal?: Personal | undefined;
  /** CONSUMER_DATA_DIR. */
  readonly dataDir: string;
  readonly log: Log;
  readonly observer: ConsumerObserver;
  readonly time: Time;
};

/** The aggregates of a consumer. */
export type StartedAggregates = Aggregates & {
  /** Resolves once the topics of events are known to be right, or the aggregates are closed. @throws EventTopicError if they are not */
  readonly checked: Promise<void>;
};

const ASK_AGAIN_MS = 1_000;

/** Starts what decides the commands of a contract's aggregates. */
export const startAggregates = async (options: StartAggregatesOptions): Promise<StartedAggregates> => {
  const { definition, dataDir, log, time } = options;
  const { contract, deciders = {} } = definition;
  const { aggregates: definitions } = partsOf(contract);
  const eventLog = await openEventLog(options.source);
  const closing = new AbortController();
  const outages = createOutageLog(log, "the topics of events are known");

  /** @returns how many partitions the topics of each aggregate have; undefined once the aggregates are closed */
  const check = async (): Promise<ReadonlyMap<string, number> | undefined> => {
    while (!closing.signal.aborted) {
      try {
        const counts = await checkEventTopics(eventLog, definitions);
        outages.over();
        return counts;
      } catch (error) {
        if (error instanceof EventTopicError) throw error;
        outages.warn({ reason: (error as Error).message, retryInMs: ASK_AGAIN_MS }, "the topics of events cannot be checked yet");
        await pause(systemTime, ASK_AGAIN_MS, closing.signal);
      }
    }
    return undefined;
  };

  const checked = check();
  const partitions = checked.catch(() => undefined);
  const aggregates = createAggregates({ ...options, contract, deciders, eventLog, partitions, folder: join(dataDir, "events"), log, time });
  return {
    ...aggregates,
    checked: checked.then(() => undefined),
    async close() {
      closing.abort();
      await aggregates.close();
      await eventLog.close();
    },
  };
};
