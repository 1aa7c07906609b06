import { readFileSync } from "node:fs";
import * as z from "zod";
import type { Demand } from "../environment/environment.ts";
import { commaList } from "../environment/variables.ts";

/** How to reach a cluster. */
export type KafkaConnection = {
  /** host:port of some of its brokers; the others make themselves known. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Undefined: without TLS. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  /** Undefined: without a login. */
  readonly sasl: KafkaLogin | undefined;
};

export type KafkaLogin =
  | { readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512"; readonly username: string; readonly password: string }
  /** The file is read at each login, since tokens expire. */
  | { readonly mechanism: "OAUTHBEARER"; readonly tokenFile: string };

const BROKER = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?<port>\d{1,5})$/;
const isBroker = (text: string): boolean =>
  Number(BROKER.exec(text)?.groups?.["port"] ?? 0) >= 1 && Number(text.split(":").at(-1)) <= 65_535;

const certificates = () =>
  z.string().transform((file, context): string => {
    try {
      const text = readFileSync(file, "utf8");
      if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
      context.addIssue({ code: "custom", message: "Expected a file of certificates in PEM; there is none in it." });
    } catch (error) {
      context.addIssue({ code: "custom", message: `Expected a file of certificates in PEM; it cannot be read (${codeOf(error)}).` });
    }
    return z.NEVER;
  });

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown";

/** The way to a cluster, for processes that may use one: to be part of a schema, beside {@link demandKafka}. */
export const kafkaVariables = {
  KAFKA_BROKERS: commaList()
    .refine((brokers) => brokers.length > 0 && brokers.every(isBroker), "Expected host:port, comma-separated.")
    .optional()
    .describe("Set it to host:port of some brokers of the cluster, comma-separated, such as kafka-1:9092,kafka-2:9092."),
  /** What a broker on a desk speaks; clusters of others mostly want 1. */
  KAFKA_SSL: z.stringbool("Expected 1 or 0.").default(false).describe("Set it to 1, as KAFKA_SSL_CA_FILE is set."),
  /** Absent: the authorities that Node trusts. */
  KAFKA_SSL_CA_FILE: certificates().optional(),
  KAFKA_SASL_MECHANISM: z
    .enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"], "Expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.")
    .optional()
    .describe("Set it to the cluster's mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER."),
  KAFKA_USERNAME: z.string().optional().describe("Set it to the user that KAFKA_SASL_MECHANISM logs in."),
  KAFKA_PASSWORD: z.string().optional().describe("Set it to the password of KAFKA_USERNAME."),
  KAFKA_TOKEN_FILE: z.string().optional().describe("Set it to a file that holds the token for OAUTHBEARER; it is read at each login."),
  /** Names this program in the brokers' logs and quotas. */
  KAFKA_CLIENT_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,200}$/, "Expected 1 to 200 of the characters A-Z a-z 0-9 . _ -.")
    .default("rejoinder"),
};

/** What they demand of one another. Only for configurations that use a cluster. */
export const demandKafka: Demand = (set) => {
  const { KAFKA_SASL_MECHANISM: mechanism } = set;
  const problems: Record<string, string> = {};
  const demand = (name: keyof typeof kafkaVariables, message: string) => {
    if (set[name] === undefined) problems[name] = message;
  };
  demand("KAFKA_BROKERS", "Expected brokers.");
  if (mechanism === "OAUTHBEARER") demand("KAFKA_TOKEN_FILE", "Expected a file.");
  else if (mechanism !== undefined) {
    demand("KAFKA_USERNAME", "Expected a user.");
    demand("KAFKA_PASSWORD", "Expected a password.");
  }
  // Else it would come without a login, and be refused for a reason that is hard to find.
  if (set["KAFKA_USERNAME"] !== undefined || set["KAFKA_TOKEN_FILE"] !== undefined) demand("KAFKA_SASL_MECHANISM", "Expected a mechanism.");
  if (set["KAFKA_SSL_CA_FILE"] !== undefined) demand("KAFKA_SSL", "Expected 1.");
  return problems;
};

type KafkaValues = z.output<z.ZodObject<typeof kafkaVariables>>;

/** The connection that values describe that met {@link demandKafka}. */
export const kafkaConnectionOf = (values: KafkaValues): KafkaConnection => ({
  brokers: values.KAFKA_BROKERS ?? [],
  clientId: values.KAFKA_CLIENT_ID,
  tls: values.KAFKA_SSL ? { ca: values.KAFKA_SSL_CA_FILE } : undefined,
  sasl: loginOf(values),
});

const loginOf = (values: KafkaValues): KafkaLogin | undefined => {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_USERNAME: username = "", KAFKA_PASSWORD: password = "", KAFKA_TOKEN_FILE } = values;
  if (mechanism === undefined) return undefined;
  return mechanism === "OAUTHBEARER" ? { mechanism, tokenFile: KAFKA_TOKEN_FILE ?? "" } : { mechanism, username, password };
};
