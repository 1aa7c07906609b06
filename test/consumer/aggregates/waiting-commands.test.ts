import { expect, test } from "vitest";
import { type CommandDecider, UnavailableError } from "../../../consumer/aggregates/command.ts";
import { startConsumer } from "../../../consumer/start-consumer.ts";
import { defineContract } from "../../../contract/contract.ts";
import { accounts } from "../../contract/bank.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createRecordedLog } from "../log.ts";
import { memorySinks } from "../memory-sinks.ts";
import { memorySource, toRecord } from "../memory-source.ts";
import { newRequest } from "../requests.ts";
import type { RequestEvent } from "../../../protocol/request-event.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const MINUTE_MS = 60_000;
const DECIDED = { answer: { reply: { balance: 1 } }, position: "account.0.7.abcdef", aggregateVersion: 1 };

/** What is told of a command, and the code of its dead letter, when that much time has passed. */
const told = async (afterMinutes: number, decide: (elapsedMs: number) => Error | undefined, request: Partial<RequestEvent> = {}) => {
  const time = createManualTime(START);
  const data = { account: "ada", cents: 1 };
  const command = newRequest({ operation: "account.credit", data, acceptedAt: START, deadline: START + 20 * MINUTE_MS, ...request });
  const source = memorySource([toRecord(command)]);
  const sinks = memorySinks();
  const commands: CommandDecider = {
    operations: ["account.credit"],
    async decide() {
      const error = decide(time.now() - START);
      if (error !== undefined) throw error;
      return DECIDED;
    },
  };
  const consumer = startConsumer({
    ...{ contract: defineContract({ account: accounts }), handlers: {}, commands, source, sinks, concurrency: 8, time },
    ...{ log: createRecordedLog(), replySource: "/consumer/test", random: () => 1 },
  });
  for (let second = 0; second < afterMinutes * 60; second += 5) await time.elapse(5_000);
  await consumer.drain(0);
  const ends = sinks.replies.map(({ state }) => state).filter((state) => state !== "processing");
  return { ends, deadLetters: source.produced.map(({ headers }) => headers.find(({ key }) => key === "rejoinder-code")?.value) };
};

const reading = new UnavailableError("The events of the partition are still being read.");

test("a command that comes while its partition is read for ten minutes is decided after that, if its deadline is later", async () => {
  const until = 10 * MINUTE_MS;
  expect(await told(15, (elapsed) => (elapsed < until ? reading : undefined))).toEqual({ ends: ["succeeded"], deadLetters: [] });
});

test("one whose deadline comes first has expired, and is no dead letter", async () => {
  expect(await told(25, () => reading)).toEqual({ ends: ["expired"], deadLetters: [] });
});

test("one of a partition that somebody must mend is given up as its operation says", async () => {
  const paused = new UnavailableError("It is paused.", { untilDeadline: false });
  expect(await told(2, () => paused)).toEqual({ ends: ["failed"], deadLetters: ["AGGREGATE_UNAVAILABLE"] });
});

test("one that nobody waits for waits for that, too", async () => {
  const paused = new UnavailableError("It is paused.", { untilDeadline: false });
  const until = 10 * MINUTE_MS;
  expect(await told(15, (elapsed) => (elapsed < until ? paused : undefined), { isOneWay: true })).toEqual({ ends: [], deadLetters: [] });
});
