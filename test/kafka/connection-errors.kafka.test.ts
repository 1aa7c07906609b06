import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createAdminClient } from "../../kafka/clients.ts";
import type { KafkaConnection, KafkaLogin } from "../../kafka/config.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { createKafkaProducer } from "../../kafka/producer.ts";
import { temporaryFolder } from "../gateway/temporary-folder.ts";
import { freePort } from "../helpers/processes.ts";
import { kafkaSuite } from "./broker/suite.ts";
import { createTopic } from "./broker/topics.ts";
import { certificateOf, connectionTo } from "./connections.ts";

const listTopics = async (connection: KafkaConnection): Promise<readonly string[]> => {
  const admin = createAdminClient(connection);
  try {
    return await admin.listTopics();
  } catch (error) {
    throw kafkaErrorOf(error);
  } finally {
    await admin.close();
  }
};

const produce = async (connection: KafkaConnection, topic: string) => {
  const producer = createKafkaProducer(connection);
  onTestFinished(() => producer.close());
  return await producer.produce([{ topic, value: Buffer.from("hello") }]);
};

const failure = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) });

test.each([
  [
    "an address where nobody listens",
    async () => `127.0.0.1:${await freePort()}`,
    /no connection to 127\.0\.0\.1:\d+ \(ECONNREFUSED\); check KAFKA_BROKERS/,
  ],
  [
    "a host that does not exist",
    async () => "nowhere.invalid:9092",
    /no host nowhere\.invalid; check KAFKA_BROKERS|\(EAI_AGAIN\); check KAFKA_BROKERS/,
  ],
])("%s is told as what it is", async (_, address, message) => {
  const connection = connectionTo([await address()]);
  await expect(listTopics(connection)).rejects.toMatchObject(failure("unavailable", message));
  await expect(produce(connection, "any")).rejects.toMatchObject({ ...failure("unavailable", message), retryable: true });
});

kafkaSuite(
  "listeners",
  ({ brokers, saslBrokers, tlsBrokers }) => {
    const login = (mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512", username: string, password: string) =>
      connectionTo(saslBrokers, { sasl: { mechanism, username, password } });

    test("TLS at a port that does not speak it is told as what it is", async () => {
      const connection = connectionTo(brokers, { tls: { ca: undefined } });
      await expect(listTopics(connection)).rejects.toMatchObject(failure("misconfigured", /TLS.*check KAFKA_SSL/));
      await expect(produce(connection, "any")).rejects.toMatchObject(failure("misconfigured", /TLS.*check KAFKA_SSL/));
    });

    test("no TLS at a port that wants it is told as what it is", async () => {
      await expect(listTopics(connectionTo(tlsBrokers))).rejects.toMatchObject(failure("misconfigured", /TLS.*check KAFKA_SSL/));
    });

    test("a certificate that nobody vouches for is refused, and one that is trusted is not", async () => {
      const untrusted = connectionTo(tlsBrokers, { tls: { ca: undefined } });
      await expect(listTopics(untrusted)).rejects.toMatchObject(failure("misconfigured", /not trusted \(\w+\); set KAFKA_SSL_CA_FILE/));
      const topic = await createTopic(brokers, "tls", 1);
      const ca = await certificateOf(tlsBrokers[0] as string);
      expect(await produce(connectionTo(tlsBrokers, { tls: { ca } }), topic)).toMatchObject([{ topic, offset: 0 }]);
    });

    test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("logs in by %s, and tells of a wrong password", async (mechanism) => {
      const topic = await createTopic(brokers, "sasl", 1);
      expect(await produce(login(mechanism, "admin", "admin-secret"), topic)).toMatchObject([{ topic, offset: 0 }]);
      const wrong = login(mechanism, "admin", "wrong");
      await expect(listTopics(wrong)).rejects.toMatchObject(
        failure("misconfigured", /refused the login; check KAFKA_SASL_MECHANISM, KAFKA_USERNAME/),
      );
      await expect(produce(wrong, topic)).rejects.toMatchObject(failure("misconfigured", /refused the login/));
    });

    test("logs in by a token of a file", async () => {
      const tokenFile = join(await temporaryFolder(), "token");
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const now = Math.floor(Date.now() / 1000);
      writeFileSync(tokenFile, `${part({ alg: "none" })}.${part({ sub: "admin", iat: now - 10, exp: now + 600 })}.\n`);
      const sasl: KafkaLogin = { mechanism: "OAUTHBEARER", tokenFile };
      const topic = await createTopic(brokers, "token", 1);
      expect(await produce(connectionTo(saslBrokers, { sasl }), topic)).toMatchObject([{ topic }]);
      const gone: KafkaLogin = { mechanism: "OAUTHBEARER", tokenFile: `${tokenFile}.gone` };
      await expect(listTopics(connectionTo(saslBrokers, { sasl: gone }))).rejects.toMatchObject(
        failure("misconfigured", /KAFKA_TOKEN_FILE|login/),
      );
    });

    test("no login where one is wanted is told as what it may be", async () => {
      await expect(listTopics(connectionTo(saslBrokers))).rejects.toMatchObject(
        failure("unavailable", /closed the connection.*KAFKA_SASL_MECHANISM/),
      );
    });

    test("a user who may not produce is told so", async () => {
      const topic = await createTopic(brokers, "forbidden", 1);
      await expect(produce(login("PLAIN", "guest", "guest-secret"), topic)).rejects.toMatchObject(
        failure("unauthorized", /TOPIC_AUTHORIZATION_FAILED/),
      );
    });
  },
  { needs: "listeners" },
);
