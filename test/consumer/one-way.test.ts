import { expect, test } from "vitest";
import * as z from "zod";
import { startConsumer } from "../../consumer/start-consumer.ts";
import type { HandlerContext } from "../../consumer/handler.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { createRecordedLog } from "./log.ts";
import { memorySinks } from "./memory-sinks.ts";
import { memorySource, toRecord } from "./memory-source.ts";
import { newRequest } from "./requests.ts";
import type { RequestEvent } from "../../protocol/request-event.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const DAY_MS = 86_400_000;

const contract = defineContract({
  work: operation({
    request: z.string(),
    reply: z.string(),
    errors: { CLOSED: { status: 409 } },
    progress: z.number(),
    retry: { on: "any", attempts: 2 },
  }),
});

type Work = (request: string, context: HandlerContext<(typeof contract)["work"]>) => string | Promise<string>;

/** Handles requests that nobody waits for. */
const handleOneWay = async (work: Work, requests: readonly Partial<RequestEvent>[], elapsedMs = 0) => {
  const time = createManualTime(START);
  const source = memorySource(
    requests.map((request) =>
      toRecord(newRequest({ operation: "work", data: "x", acceptedAt: START, deadline: START + 30 * DAY_MS, isOneWay: true, ...request })),
    ),
  );
  const sinks = memorySinks();
  const log = createRecordedLog();
  const consumer = startConsumer({
    contract,
    handlers: { work },
    source,
    sinks,
    log,
    concurrency: 8,
    replySource: "/consumer/test",
    time,
    random: () => 1,
  });
  for (let turn = 0; turn < 5; turn += 1) await time.elapse(0);
  await time.elapse(elapsedMs);
  for (let turn = 0; turn < 5; turn += 1) await time.elapse(0);
  await consumer.drain(0);
  const deadLetters = source.produced.map(({ topic, headers }) => [
    topic,
    headers.find(({ key }) => key === "rejoinder-code")?.value,
    headers.find(({ key }) => key === "rejoinder-attempts")?.value,
  ]);
  return { sinks, log, commits: source.commits, deadLetters };
};

test("a request that nobody waits for is handled, and nobody is told: neither of progress nor of the reply", async () => {
  const seen: unknown[] = [];
  const { sinks, commits, deadLetters } = await handleOneWay(
    async (request, { caller, progress }) => {
      seen.push([request, caller.subject, caller.scopes]);
      await progress(0.5);
      return "done";
    },
    [{ authtype: "system" }],
    1_000,
  );
  expect(seen).toEqual([["x", undefined, []]]);
  expect(sinks.replies).toEqual([]);
  expect(deadLetters).toEqual([]);
  expect(commits).toEqual([{ topic: "requests", partition: 0, offset: 1 }]);
});

test("an error of the contract is its answer: the log has it, and no dead letter", async () => {
  const { sinks, log, deadLetters } = await handleOneWay(
    (_, { errors }) => {
      throw errors.CLOSED();
    },
    [{}],
  );
  expect(sinks.replies).toEqual([]);
  expect(deadLetters).toEqual([]);
  expect(log.lines).toContainEqual(expect.objectContaining({ level: "info", operation: "work", code: "CLOSED" }));
});

test("what fails for good is a dead letter, also where a caller would merely have been told", async () => {
  const failing: Work = () => {
    throw new TypeError("a bug");
  };
  const { sinks, deadLetters, commits } = await handleOneWay(
    failing,
    [{ data: 7 }, { operation: "unknown" }, {}, { deadline: START - 1 }],
    60_000,
  );
  expect(sinks.replies).toEqual([]);
  expect(deadLetters.toSorted()).toEqual([
    ["requests-dlt", "DEADLINE_EXCEEDED", "1"],
    ["requests-dlt", "HANDLER_FAILED", "2"],
    ["requests-dlt", "INVALID_REQUEST", "1"],
    ["requests-dlt", "NO_HANDLER", "1"],
  ]);
  expect(commits.at(-1)).toMatchObject({ offset: 4 });
});

test("one with a caller that nobody has signed for is a dead letter, and nobody is told", async () => {
  const { sinks, deadLetters } = await handleOneWay(() => "done", [{ authid: "ada" }]);
  expect(sinks.replies).toEqual([]);
  expect(deadLetters).toEqual([["requests-dlt", "INVALID_RECORD", "0"]]);
});

test("its handler may run as long as that of any other request, however far away its deadline is", async () => {
  const deadlines: Date[] = [];
  const { deadLetters } = await handleOneWay(
    (_, { deadline, signal }) => {
      deadlines.push(deadline);
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    },
    [{}],
    30_000,
  );
  expect(deadlines).toEqual([new Date(START + 30_000)]);
  expect(deadLetters).toEqual([["requests-dlt", "DEADLINE_EXCEEDED", "1"]]);
});
