import { onTestFinished } from "vitest";
import * as z from "zod";
import { createCancellations } from "../../../consumer/cancellations.ts";
import type { Handlers } from "../../../consumer/handler.ts";
import { startConsumer } from "../../../consumer/start-consumer.ts";
import { defineContract } from "../../../contract/contract.ts";
import { operation } from "../../../contract/operation.ts";
import type { RetryDefinition } from "../../../contract/retry-policy.ts";
import type { RequestEvent } from "../../../protocol/request-event.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createRecordedLog } from "../log.ts";
import { memorySinks } from "../memory-sinks.ts";
import { memorySource, toRecord } from "../memory-source.ts";
import { newRequest } from "../requests.ts";

const contractOf = (retry: RetryDefinition) =>
  defineContract({ work: operation({ request: z.string(), reply: z.string(), deadlineSeconds: 3_600, retry: { on: "any", ...retry } }) });

type Records = Parameters<typeof memorySource>[0];
type Work = Handlers<ReturnType<typeof contractOf>>["work"];

type StageOptions = {
  readonly records: Records;
  /** Those of the retry topic. */
  readonly waiting?: Records;
  readonly retry?: RetryDefinition;
  readonly concurrency?: number;
  work: Work;
};

/** The start of the time of these tests. */
export const START = Date.parse("2026-01-01T00:00:00Z");

/** A request for some work, with an hour left. */
export const workRequest = (data: string, overrides: Partial<RequestEvent> = {}): RequestEvent =>
  newRequest({ operation: "work", data, acceptedAt: START, deadline: START + 3_600_000, ...overrides });

/** A request for some work as a record of that key. */
export const workRecord = (request: RequestEvent, key: string | null, partition = 0) => ({ ...toRecord(request), key, partition });

/** A consumer on records of a test, at a time that the test drives; each pause is as long as it can be. */
export const createRetryStage = ({ records, waiting, retry = {}, concurrency = 8, work }: StageOptions) => {
  const time = createManualTime(START);
  const source = memorySource(records);
  const retrySource = waiting && memorySource(waiting);
  const sinks = memorySinks();
  const cancellations = createCancellations();
  const log = createRecordedLog();
  const consumer = startConsumer({
    contract: contractOf(retry),
    handlers: { work },
    source,
    retrySource,
    sinks,
    cancellations,
    log,
    concurrency,
    replySource: "/consumer/test",
    time,
    random: () => 1,
  });
  onTestFinished(() => consumer.drain(0));
  /** What is made in one turn of the event loop is delivered in the next. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await time.elapse(0);
  };
  const elapse = async (milliseconds: number): Promise<void> => {
    await settle();
    await time.elapse(milliseconds);
    await settle();
  };
  return { source, retrySource, sinks, cancellations, log, consumer, elapse };
};

/** Fails with these attempts, by name of the work; others succeed. What begins is noted as `name` and its count. */
export const failing = (failures: Readonly<Record<string, number>>) => {
  const begun: string[] = [];
  const counts = new Map<string, number>();
  const work = (name: string): string => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    begun.push(`${name}${count}`);
    if (count <= (failures[name] ?? 0)) throw new TypeError(`${name} failed`);
    return name;
  };
  return { begun, work };
};
