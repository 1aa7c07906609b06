import * as z from "zod";
import { type Demand, type Environment, readEnvironment } from "../environment/environment.ts";
import { processVariables } from "../environment/process-variables.ts";
import { commaList, integer } from "../environment/variables.ts";
import { demandKafka, kafkaVariables } from "../kafka/config.ts";
import { isTopic } from "../protocol/topics.ts";
import { type Credential, CREDENTIAL_FORM, parseCredential } from "./credentials.ts";
import type { DeclaredTopic, Retention } from "./engine.ts";

const TOPIC = /^(?<name>[^:]+):(?<partitions>\d{1,4})(?<settings>(?::[a-z.]+=-?\d{1,15})*)$/;

const credentials = () =>
  commaList().transform((elements, context): Credential[] => {
    const parsed = elements.map(parseCredential);
    const wrong = parsed.flatMap((credential, index) => (credential === undefined ? [index + 1] : []));
    if (wrong.length > 0 || parsed.length === 0)
      context.addIssue({
        code: "custom",
        message: `Expected ${CREDENTIAL_FORM}, comma-separated; wrong: ${wrong.join(", ") || "there is none"}.`,
      });
    return parsed.filter((credential) => credential !== undefined);
  });

/** As in Kafka, -1 means without end. */
const orWithoutEnd = (value: number): number | undefined => (value === -1 ? undefined : value);

const retention = () =>
  z
    .string()
    .regex(/^(-1|\d{1,15})$/, "Expected a whole number, or -1 for no limit.")
    .transform((text) => orWithoutEnd(Number(text)));

/** `:retention.ms=…:retention.bytes=…`. Undefined if the text has another form. */
const readTopicSettings = (text: string): Partial<Retention> | undefined => {
  const settings: { ms?: number | undefined; bytes?: number | undefined } = {};
  for (const setting of text.split(":").slice(1)) {
    const [name, value] = setting.split("=");
    const limit = Number(value);
    if (limit < -1) return undefined;
    if (name === "retention.ms") settings.ms = orWithoutEnd(limit);
    else if (name === "retention.bytes") settings.bytes = orWithoutEnd(limit);
    else return undefined;
  }
  return settings;
};

const topics = () =>
  commaList().transform((elements, context): ReadonlyMap<string, DeclaredTopic> => {
    const read = new Map<string, DeclaredTopic>();
    for (const element of elements) {
      const { name, partitions, settings = "" } = TOPIC.exec(element)?.groups ?? {};
      const retention = readTopicSettings(settings);
      if (name === undefined || !isTopic(name) || Number(partitions) < 1 || read.has(name) || retention === undefined)
        context.addIssue({
          code: "custom",
          message: `Expected name:partitions[:retention.ms=…][:retention.bytes=…], comma-separated, each name once; got ${JSON.stringify(element)}.`,
        });
      else read.set(name, { partitions: Number(partitions), retention });
    }
    return read;
  });

/** The topics that there are to be, for processes that make them. */
export const topicVariables = {
  /** What the Worker and the consumer use: six partitions let six consumers share the work. */
  GATEWAY_TOPICS: topics().default(
    new Map([
      ["requests", { partitions: 6 }],
      ["requests-dlt", { partitions: 1 }],
    ]),
  ),
  /** Absent: as many as the cluster gives by default. */
  GATEWAY_REPLICATION_FACTOR: integer(1, 32).optional(),
};

const SCHEMA = z.object({
  /** Reachable from this machine only, until somebody decides otherwise. */
  GATEWAY_HOST: z.string().default("127.0.0.1"),
  /** Beside the Worker's 8787. */
  GATEWAY_PORT: integer(0, 65_535).default(8788),
  /** Needs nothing but a folder. */
  GATEWAY_ENGINE: z.enum(["embedded", "kafka"], "Expected one of: embedded, kafka.").default("embedded"),
  GATEWAY_DATA_DIR: z.string().default(".rejoinder/gateway"),
  /** Nothing acknowledged is lost, unless somebody decides otherwise. */
  GATEWAY_FSYNC: z.enum(["always", "os"], "Expected one of: always, os.").default("always"),
  GATEWAY_CREDENTIALS: credentials().describe(`Set it to ${CREDENTIAL_FORM}, comma-separated.`),
  ...topicVariables,
  /** Off, so that a misspelt name is an error and not a topic. */
  GATEWAY_AUTO_CREATE_TOPICS: z.stringbool("Expected 1 or 0.").default(false),
  /** Kafka's own default for topics that nobody declared. */
  GATEWAY_NUM_PARTITIONS: integer(1, 1000).default(1),
  /** Kafka's own default: seven days. */
  GATEWAY_RETENTION_MS: retention().prefault("604800000"),
  /** Kafka's own default: without end. Of each partition. */
  GATEWAY_RETENTION_BYTES: retention().optional(),
  /** Empty: no web page may call, since by default only programs do. */
  GATEWAY_CORS_ORIGINS: commaList().default([]),
  ...kafkaVariables,
  ...processVariables,
});

/** A gateway with a log of its own needs no cluster, whatever the variables of other parts say. */
const demand: Demand = (set) => (set["GATEWAY_ENGINE"] === "kafka" ? demandKafka(set) : {});

export type GatewayConfig = Readonly<z.output<typeof SCHEMA>>;

/** @throws ConfigurationError with every problem. */
export const readGatewayConfig = (environment: Environment): GatewayConfig => readEnvironment(SCHEMA, environment, demand);
