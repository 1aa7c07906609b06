import * as z from "zod";
import type { Demand } from "./environment.ts";

/** A whole number in text, within bounds. */
export const integer = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `Expected a whole number from ${least} to ${most}.`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `Expected a whole number from ${least} to ${most}.`);

/** An http or https URL, without the slash at its end. */
export const httpUrl = () =>
  z
    .url({ protocol: /^https?$/, error: "Expected a URL that starts with http:// or https://." })
    .transform((url) => url.replace(/\/+$/, ""));

/** Comma-separated, trimmed, without empty elements. */
export const commaList = () =>
  z.string().transform((text) =>
    text
      .split(",")
      .map((element) => element.trim())
      .filter((element) => element !== ""),
  );

/** Where the Kafka REST proxy is, under the names that users of @upstash/kafka already have. */
export const kafkaRestVariables = {
  UPSTASH_KAFKA_REST_URL: httpUrl().describe("Set it to the URL of the Kafka REST gateway, such as http://127.0.0.1:8788."),
  UPSTASH_KAFKA_REST_USERNAME: z.string().describe("Set it to a user of GATEWAY_CREDENTIALS."),
  UPSTASH_KAFKA_REST_PASSWORD: z.string().describe("Set it to that user's password of GATEWAY_CREDENTIALS."),
};

const BROKER = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?<port>\d{1,5})$/;
const isBroker = (text: string): boolean =>
  Number(BROKER.exec(text)?.groups?.["port"] ?? 0) >= 1 && Number(text.split(":").at(-1)) <= 65_535;

/** The way to a Kafka cluster, as far as every process and the Worker have it in common. Who uses a cluster adds {@link demandLogin}. */
export const kafkaClusterVariables = {
  KAFKA_BROKERS: commaList()
    .refine((brokers) => brokers.length > 0 && brokers.every(isBroker), "Expected host:port, comma-separated.")
    .optional()
    .describe("Set it to host:port of some brokers of the cluster, comma-separated, such as kafka-1:9092,kafka-2:9092."),
  /** What a broker on a desk speaks; clusters of others mostly want 1. */
  KAFKA_SSL: z.stringbool("Expected 1 or 0.").default(false).describe("Set it to 1, as KAFKA_SSL_CA_FILE is set."),
  KAFKA_USERNAME: z.string().optional().describe("Set it to the user that KAFKA_SASL_MECHANISM logs in."),
  KAFKA_PASSWORD: z.string().optional().describe("Set it to the password of KAFKA_USERNAME."),
  /** Names this program in the brokers' logs and quotas. */
  KAFKA_CLIENT_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,200}$/, "Expected 1 to 200 of the characters A-Z a-z 0-9 . _ -.")
    .default("rejoinder"),
};

/** How to log in at a cluster, by one of these mechanisms. Absent: without a login. */
export const saslMechanism = <const Mechanisms extends readonly [string, ...string[]]>(mechanisms: Mechanisms, why = "") => {
  const names = `${mechanisms.slice(0, -1).join(", ")} or ${mechanisms.at(-1)}`;
  return z.enum(mechanisms, `Expected ${names}${why}.`).optional().describe(`Set it to the cluster's mechanism: ${names}.`);
};

/** What the variables of a login demand of one another. */
export const demandLogin: Demand = (set) => {
  const problems: Record<string, string> = {};
  const demand = (name: string, message: string) => {
    if (set[name] === undefined) problems[name] = message;
  };
  const { KAFKA_SASL_MECHANISM: mechanism } = set;
  if (mechanism !== undefined && mechanism !== "OAUTHBEARER") {
    demand("KAFKA_USERNAME", "Expected a user.");
    demand("KAFKA_PASSWORD", "Expected a password.");
  }
  // Else it would come without a login, and be refused for a reason that is hard to find.
  if (set["KAFKA_USERNAME"] !== undefined || set["KAFKA_TOKEN_FILE"] !== undefined) demand("KAFKA_SASL_MECHANISM", "Expected a mechanism.");
  return problems;
};

/** A comma-separated list of at least one secret. @param read what an element is; undefined if it is none: then the expectation is the problem */
export const secretList = <Secret extends {}>(read: (text: string) => Secret | undefined, expectation: string) =>
  commaList()
    .refine((elements) => elements.length > 0, "Expected at least one secret.")
    .transform((elements, context) =>
      elements.flatMap((text): Secret[] => {
        const secret = read(text);
        if (secret === undefined) context.addIssue(expectation);
        return secret === undefined ? [] : [secret];
      }),
    );
