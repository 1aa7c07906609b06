import { expect, test } from "vitest";
import { HOSTS } from "../../helpers/stack.ts";
import { expectAllEnd, killConsumerAgainAndAgain, REQUESTS, untilSomeEmit } from "./ended.ts";
import { keepAwayForMinute, startStage } from "./stage.ts";

const SLOW = { retry: 0, timeout: 240_000 };

test.each(HOSTS)(`kill -9 of what keeps the statuses in %s, among ${REQUESTS} requests while chunks are emitted`, SLOW, async (host) => {
  const stage = await startStage({ host });
  const { stack } = stage;
  const inTheMiddle = async (): Promise<void> => {
    await untilSomeEmit(stage);
    for (let time = 0; time < 2; time++) await stack.crash(host === "node" ? "worker" : "workerd");
  };
  await expectAllEnd({ stage, inTheMiddle, hasDied: false });
});

test(`kill -9 of the consumer again and again, among ${REQUESTS} requests`, SLOW, async () => {
  const stage = await startStage({ host: "workerd" });
  await expectAllEnd({ stage, inTheMiddle: () => killConsumerAgainAndAgain(stage), hasDied: true });
});

test(`a Worker that is away for a minute, among ${REQUESTS} requests`, SLOW, async () => {
  const stage = await startStage({ host: "workerd" });
  await expectAllEnd({ stage, inTheMiddle: () => keepAwayForMinute(stage), hasDied: false });
  expect(stage.stack.output()).toContain("a link to the mailbox is down");
});
