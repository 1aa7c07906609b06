import { expect, onTestFinished, test } from "vitest";
import { topicsToProvide } from "../../../cli/start/topics.ts";
import { restLog } from "../../../consumer/events/rest-log.ts";
import { checkEventPartition, checkEventTopics, EventTopicError } from "../../../consumer/events/topic-check.ts";
import { defineContract, partsOf } from "../../../contract/contract.ts";
import { accounts } from "../../contract/bank.ts";
import { eventRecord } from "./event-log-contract.ts";
import { type GatewayHere, startGatewayHere } from "./gateway-here.ts";

const { aggregates } = partsOf(defineContract({ account: accounts, saving: accounts }));
const KEPT = "retention.ms=-1:retention.bytes=-1";

const start = async (topics: string, dataDir?: string): Promise<GatewayHere> => {
  const gateway = await startGatewayHere(topics, dataDir);
  onTestFinished(() => gateway.remove());
  return gateway;
};
const logOf = ({ url, username, password }: GatewayHere) => restLog({ url, username, password });

/** What a check finds. */
const problemsOf = async (check: Promise<unknown>): Promise<readonly string[]> => {
  const error = await check.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error !== undefined && !(error instanceof EventTopicError)) throw error;
  return error?.problems ?? [];
};

test("the topics that a gateway makes of a contract keep every event, beside their commands, without anybody doing anything", async () => {
  const gateway = await start(topicsToProvide(defineContract({ account: accounts, saving: accounts })));
  expect(await checkEventTopics(logOf(gateway), aggregates)).toEqual(
    new Map([
      ["account", 6],
      ["saving", 6],
    ]),
  );
});

test("all faults of all topics are told at once, each with what mends it", async () => {
  const gateway = await start(`account-commands:6,account-events:3:retention.ms=1000,saving-commands:4`);
  const problems = await problemsOf(checkEventTopics(logOf(gateway), aggregates));
  expect(problems).toEqual([
    expect.stringMatching(/account-events has 3 partitions and account-commands has 6.*delete it and make it with 6/),
    expect.stringMatching(/account-events has retention.ms=1000.*GATEWAY_TOPICS.*account-events:6:retention.ms=-1:retention.bytes=-1/),
    expect.stringMatching(/no topic saving-events.*GATEWAY_TOPICS: saving-events:4:retention.ms=-1:retention.bytes=-1/),
  ]);
});

test("an event topic whose first events are gone is refused", { timeout: 60_000 }, async () => {
  const gateway = await start(`account-commands:1,account-events:1:retention.ms=-1:retention.bytes=4096`);
  const log = logOf(gateway);
  const grow = async () => {
    await log.append(
      { topic: "account-events", partition: 0 },
      Array.from({ length: 10 }, () => eventRecord("x".repeat(1_000))),
    );
    return problemsOf(checkEventPartition(log, { topic: "account-events", partition: 0 }, 1));
  };
  await expect.poll(grow, { timeout: 60_000 }).toEqual([expect.stringMatching(/begins at offset \d+: the events before it were deleted/)]);
  const problems = await problemsOf(checkEventTopics(log, new Map([...aggregates].filter(([name]) => name === "account"))));
  expect(problems).toEqual([expect.stringContaining("retention.bytes=4096"), expect.stringContaining("were deleted")]);
});

test("a topic that got more partitions since is noticed while it is read", async () => {
  const before = await start(`account-events:2:${KEPT}`);
  const at = { topic: "account-events", partition: 1 };
  expect(await problemsOf(checkEventPartition(logOf(before), at, 2))).toEqual([]);
  await before.stop();
  const after = await start(`account-events:3:${KEPT}`, before.dataDir);
  expect(await problemsOf(checkEventPartition(logOf(after), at, 2))).toEqual([expect.stringMatching(/had 2 partitions and has 3/)]);
  expect(await problemsOf(checkEventPartition(logOf(after), { ...at, topic: "gone" }, 2))).toEqual([expect.stringContaining("gone")]);
});
