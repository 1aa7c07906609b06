import { readFileSync } from "node:fs";
import * as z from "zod";
import type { Demand } from "../environment/environment.ts";
import { demandLogin, kafkaClusterVariables, saslMechanism } from "../environment/variables.ts";

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
  ...kafkaClusterVariables,
  /** Absent: the authorities that Node trusts. */
  KAFKA_SSL_CA_FILE: certificates().optional(),
  KAFKA_SASL_MECHANISM: saslMechanism(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]),
  KAFKA_TOKEN_FILE: z.string().optional().describe("Set it to a file that holds the token for OAUTHBEARER; it is read at each login."),
};

/** What they demand of one another. Only for configurations that use a cluster. */
export const demandKafka: Demand = (set) => {
  const problems: Record<string, string> = {};
  const demand = (name: keyof typeof kafkaVariables, message: string) => {
    if (set[name] === undefined) problems[name] = message;
  };
  demand("KAFKA_BROKERS", "Expected brokers.");
  Object.assign(problems, demandLogin(set));
  if (set["KAFKA_SASL_MECHANISM"] === "OAUTHBEARER") demand("KAFKA_TOKEN_FILE", "Expected a file.");
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
