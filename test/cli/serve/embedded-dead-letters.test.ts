import { expect, onTestFinished, test } from "vitest";
import { embeddedDeadLetters } from "../../../cli/serve/embedded-dead-letters.ts";
import { parseCredential, type Credential } from "../../../gateway/credentials.ts";
import { startGateway } from "../../../gateway/server.ts";
import { LogError } from "../../../worker/dead-letters/log.ts";
import { openEngine, SILENT_LOG } from "../../gateway/open-engine.ts";
import { describeLog } from "../dead-letters/log-contract.ts";

const TOPIC = "requests-dlt";

const open = async () => {
  const engine = await openEngine({ topics: { [TOPIC]: 2 } });
  const credentials = [parseCredential("user:pw") as Credential];
  const gateway = await startGateway({ host: "127.0.0.1", port: 0, credentials }, { engine, log: SILENT_LOG });
  onTestFinished(() => gateway.stop());
  return { gateway, log: embeddedDeadLetters(gateway) };
};

describeLog("from the engine of a gateway in this process", async () => {
  const { gateway, log } = await open();
  return {
    log,
    topic: TOPIC,
    produce: (partition, values, timestamp) =>
      gateway.produce(values.map((value) => ({ topic: TOPIC, partition, value, headers: [], timestamp }))),
  };
});

test("what the engine refuses is told, and whether it may pass", async () => {
  const { log } = await open();
  const refused = await log.append({ topic: TOPIC, partition: 9, value: "", headers: [] }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(LogError);
  expect((refused as LogError).retryable).toBe(false);
});
