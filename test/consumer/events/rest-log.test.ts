import { afterAll, beforeAll, describe, expect } from "vitest";
import { restLog } from "../../../consumer/events/rest-log.ts";
import { describeEventLog, eventRecord } from "./event-log-contract.ts";
import { type GatewayHere, startGatewayHere } from "./gateway-here.ts";

const KEPT = Array.from({ length: 20 }, (_, index) => `account-${index}-events`);
/** So few bytes that a few records are too many. */
const FORGETFUL = Array.from({ length: 4 }, (_, index) => `forgetful-${index}`);
let gateway: GatewayHere;

beforeAll(async () => {
  const kept = KEPT.map((topic) => `${topic}:2:retention.ms=-1:retention.bytes=-1`);
  const forgetful = FORGETFUL.map((topic) => `${topic}:2:retention.ms=-1:retention.bytes=4096`);
  gateway = await startGatewayHere([...kept, ...forgetful].join(","));
});
afterAll(() => gateway.remove());

const take = (topics: string[]): string => topics.pop() as string;
const openLog = () => restLog({ url: gateway.url, username: gateway.username, password: gateway.password });

describe.concurrent("through the gateway", { timeout: 60_000 }, () => {
  describeEventLog({
    openLog,
    newTopic: async () => take(KEPT),
    async newForgetfulTopic() {
      const topic = take(FORGETFUL);
      const way = new RegExp(
        `Topic ${topic} has retention.bytes=4096.*expected -1.*GATEWAY_TOPICS.*${topic}:1:retention.ms=-1:retention.bytes=-1`,
      );
      return { topic, faults: [expect.stringMatching(way)] };
    },
    async newTrimmedTopic() {
      const topic = take(FORGETFUL);
      const partition = { topic, partition: 0 };
      const log = openLog();
      const grow = async (): Promise<number> => {
        await log.append(
          partition,
          Array.from({ length: 10 }, () => eventRecord("x".repeat(1_000))),
        );
        return (await log.ends(partition)).first;
      };
      await expect.poll(grow, { timeout: 60_000 }).toBeGreaterThan(0);
      await log.close();
      return topic;
    },
  });
});
