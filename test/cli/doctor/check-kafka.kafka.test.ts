import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../helpers/processes.ts";
import { createProject } from "../../helpers/project.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { callCommand } from "../run-command.ts";

const check = async (variables: Record<string, string>, cwd?: string): Promise<{ code: number; output: string }> => {
  const { code, stdout, stderr } = await callCommand(["doctor", "--proxy"], { variables, ...(cwd !== undefined && { cwd }) });
  return { code, output: stdout + stderr };
};

kafkaSuite(
  "the check of Kafka without a proxy",
  ({ brokers, saslBrokers, tlsBrokers }) => {
    const [broker = "", saslBroker = "", tlsBroker = ""] = [brokers[0], saslBrokers[0], tlsBrokers[0]];
    const login = { KAFKA_SASL_MECHANISM: "SCRAM-SHA-512", KAFKA_USERNAME: "admin", KAFKA_PASSWORD: "admin-secret" };

    test.each([
      [
        "nobody there",
        async () => ({ KAFKA_BROKERS: `127.0.0.1:${await freePort()}` }),
        /Broker 127\.0\.0\.1:\d+ .*no connection.*ECONNREFUSED/,
      ],
      ["TLS", async () => ({ KAFKA_BROKERS: tlsBroker }), /speaks TLS at this port\. Set KAFKA_SSL to 1/],
      ["a certificate", async () => ({ KAFKA_BROKERS: tlsBroker, KAFKA_SSL: "1" }), /certificate.*self-signed/],
      ["no login", async () => ({ KAFKA_BROKERS: saslBroker }), /check KAFKA_SASL_MECHANISM/],
      [
        "a wrong password",
        async () => ({ KAFKA_BROKERS: saslBroker, ...login, KAFKA_PASSWORD: "wrong" }),
        /refused the login\. Check KAFKA_USERNAME/,
      ],
      [
        "a private authority",
        async () => ({ KAFKA_BROKERS: tlsBroker, KAFKA_SSL: "1", KAFKA_SSL_CA_FILE: "/ca.pem" }),
        /KAFKA_SSL_CA_FILE: Expected none/,
      ],
    ])("%s: it ends with what is wrong and what to do, and shows no secret", async (_, variables, problem) => {
      const { code, output } = await check(await variables());
      expect([code, output]).toEqual([1, expect.stringMatching(problem)]);
      expect(output).not.toMatch(/secret|wrong\b|at file:/);
    });

    test("a topic that is not there: it ends with its name", async () => {
      const topic = `missing-${randomUUID()}`;
      const contract = `import { defineContract, operation } from "@rejoinder/sdk/contract";
        import * as z from "zod";
        export const contract = defineContract({ ask: operation({ topic: "${topic}", request: z.object({}), reply: z.object({}) }) });`;
      const consumer = `import { defineConsumer } from "@rejoinder/sdk/consumer";
        import { contract } from "./contract.ts";
        export default defineConsumer({ contract, handlers: { ask: () => ({}) } });`;
      const project = createProject({ "app/contract.ts": contract, "app/consumer.ts": consumer });
      onTestFinished(project.remove);
      const { code, output } = await check({ KAFKA_BROKERS: broker }, project.directory);
      expect([code, output]).toEqual([1, expect.stringContaining(`Topic ${topic} does not exist`)]);
    });
  },
  { needs: "listeners" },
);
