import { partsOf } from "../contract/contract.ts";
import type { Log } from "../environment/log.ts";
import { systemTime, type Time } from "../environment/time.ts";
import type { Hmac } from "../protocol/webhook-signature.ts";
import { startAggregates, type StartedAggregates } from "./aggregates/start-aggregates.ts";
import type { ConsumerConfig } from "./config.ts";
import type { ConsumerDefinition } from "./define-consumer.ts";
import { openEventLog } from "./events/open-event-log.ts";
import type { MailboxClock } from "./mailbox-clock.ts";
import type { ConsumerObserver } from "./observe/observer.ts";
import { startPersonal } from "./personal/start-personal.ts";
import { policyTopicsOf, type RunningPolicies, startPolicies } from "./policies/start-policies.ts";
import type { Source } from "./source.ts";
import type { RunningConsumer } from "./start-flow.ts";
import { openViews } from "./views/open-views.ts";

type EventPartsOptions = {
  readonly hmac: Hmac;
  readonly clock: MailboxClock;
  /** Opens a source of that group, which tells what it reads. */
  openSource(group: string, topics: readonly string[], onRead: ConsumerObserver["read"]): Promise<Source>;
  readonly log: Log;
  readonly observer: ConsumerObserver;
  readonly time: Time;
};

/** What a consumer has for events. */
export type EventParts = {
  readonly aggregates: StartedAggregates;
  /** Follows the events that policies of the definition are for; undefined if there are none. */
  openPolicies(): Promise<RunningConsumer | undefined>;
  /** To be called once nothing is consumed any more. */
  close(): Promise<void>;
};

/** Starts the deciders of a consumer, with its views and the keys of personal data. */
export const startEventParts = async (
  definition: ConsumerDefinition,
  { source: config, subjectsDir, dataDir, workerUrl, policyGroup: group }: ConsumerConfig,
  { hmac, clock, openSource, log, observer, time }: EventPartsOptions,
): Promise<EventParts> => {
  const { contract, policies = {} } = definition;
  const definitions = partsOf(contract).aggregates;
  const personal = startPersonal({
    aggregates: definitions,
    folder: subjectsDir,
    onForgotten: () => aggregates.forgotten(),
    time: systemTime,
    log,
  });
  const views = openViews(definition, { url: workerUrl, hmac, clock, personal, log, observer });
  const aggregates = await startAggregates({
    definition,
    source: config,
    projector: views?.projector,
    personal,
    dataDir,
    log,
    observer,
    time,
  });

  return {
    aggregates,
    async openPolicies() {
      const followed = { policies, personal: personal?.data, aggregates: definitions };
      const topics = policyTopicsOf(followed);
      if (topics.length === 0) return undefined;
      let running: RunningPolicies | undefined;
      const source = await openSource(group, topics, (position) => {
        observer.read(position);
        running?.onRead(position);
      });
      running = startPolicies({ ...followed, source, eventLog: await openEventLog(config), dataDir, log, observer, time });
      running.ready.then(
        () => log.info({ group, topics, policies: Object.keys(policies) }, "following events by policies"),
        () => {},
      );
      return running;
    },
    async close() {
      await aggregates.close();
      personal?.close();
      await views?.close();
    },
  };
};
