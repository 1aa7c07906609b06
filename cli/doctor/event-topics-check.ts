import { readConsumerConfig } from "../../consumer/config.ts";
import { openEventLog } from "../../consumer/events/open-event-log.ts";
import { checkEventTopics, EventTopicError } from "../../consumer/events/topic-check.ts";
import { type Contract, partsOf } from "../../contract/contract.ts";
import type { ProcessEnvironment } from "../start/part-environments.ts";
import { type Finding, ok, wrong } from "./finding.ts";

/** Whether the topics of events keep all of them, as the consumer finds when it starts. @param environment that of the consumer, and right */
export async function* checkEvents(environment: ProcessEnvironment, contract: Contract): AsyncGenerator<Finding> {
  const { aggregates } = partsOf(contract);
  if (aggregates.size === 0) return;
  const log = await openEventLog(readConsumerConfig(environment, contract).source);
  try {
    await checkEventTopics(log, aggregates);
    yield ok(`Every event is kept, of ${[...aggregates.keys()].join(", ")}.`);
  } catch (error) {
    if (error instanceof EventTopicError) for (const problem of error.problems) yield wrong(problem);
    else yield wrong(`The topics of events cannot be looked at: ${(error as Error).message}`);
  } finally {
    await log.close().catch(() => undefined);
  }
}
