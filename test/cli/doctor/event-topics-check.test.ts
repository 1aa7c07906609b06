import { expect, onTestFinished, test } from "vitest";
import { checkEvents } from "../../../cli/doctor/event-topics-check.ts";
import type { Finding } from "../../../cli/doctor/finding.ts";
import { topicsToProvide } from "../../../cli/start/topics.ts";
import { defineContract } from "../../../contract/contract.ts";
import { accounts } from "../../contract/bank.ts";
import { REPLY_SECRET } from "../../consumer/process.ts";
import { startGatewayHere } from "../../consumer/events/gateway-here.ts";

const contract = defineContract({ account: accounts });

const findingsAt = async (topics: string) => {
  const gateway = await startGatewayHere(topics);
  onTestFinished(() => gateway.remove());
  const environment = {
    WORKER_URL: "http://127.0.0.1:8787",
    REPLY_SECRET,
    UPSTASH_KAFKA_REST_URL: gateway.url,
    UPSTASH_KAFKA_REST_USERNAME: gateway.username,
    UPSTASH_KAFKA_REST_PASSWORD: gateway.password,
  };
  const findings: Finding[] = [];
  for await (const finding of checkEvents(environment, contract)) findings.push(finding);
  return findings;
};

test("the doctor says that events are kept where they are", async () => {
  expect(await findingsAt(topicsToProvide(contract))).toEqual([{ kind: "ok", text: "Every event is kept, of account." }]);
});

test("the doctor names the setting by which events get lost, and how to change it", async () => {
  expect(await findingsAt("account-commands:6,account-events:6")).toEqual([
    { kind: "wrong", text: expect.stringMatching(/retention.ms=604800000.*GATEWAY_TOPICS/) },
  ]);
});
