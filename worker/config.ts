import * as z from "zod";
import type { Contract } from "../contract/contract.ts";
import { type Demand, readEnvironment, readTogether } from "../environment/environment.ts";
import { commaList, httpUrl, integer, secretList } from "../environment/variables.ts";
import { MAX_LINKED_SHARDS } from "../protocol/link.ts";
import { demandIdentity, type IdentitySettings, identityVariables } from "./identity/config.ts";
import { type KafkaProducerConfig, type ProducerConfig, readWorkerProducerConfig } from "./producer-config.ts";
import { demandWebhooks, webhookSecrets, webhookVariables } from "./webhooks/config.ts";

const MAX_KEY_NUMBER = 15;
const MIN_SECRET_LENGTH = 32;
const LOCATION_HINTS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;

const correlationSecrets = secretList((text) => {
  const [, number = "", secret = ""] = /^(\d{1,2}):(.*)$/.exec(text) ?? [];
  return number === "" || Number(number) > MAX_KEY_NUMBER || secret.length < MIN_SECRET_LENGTH
    ? undefined
    : { number: Number(number), secret };
}, `Expected number:secret, newest first, with numbers 0 to ${MAX_KEY_NUMBER} and secrets of at least ${MIN_SECRET_LENGTH} characters.`);

/** What the Worker reads on every host; how it produces is not part of it. */
export const workerSchema = z.object({
  CORRELATION_SECRET: correlationSecrets.describe("Set it to number:secret, such as 1: and 43 random characters."),
  REPLY_SECRET: webhookSecrets().describe("Set it to the whsec_… secret that the consumer signs with."),
  ...identityVariables,
  ...webhookVariables,
  /** Signed with each correlation ID, so that an ID of one environment is worthless in another. */
  ENVIRONMENT: z.string().max(64, "Expected at most 64 characters.").default("development"),
  /** Empty: pages of the Worker's own origin only. */
  CORS_ORIGINS: commaList().default([]),
  /** The source of request events, and a host that callers may ask. */
  PUBLIC_URL: httpUrl().optional(),
  /** Further hosts that callers may ask. On Cloudflare absent: all, since only those of the Worker's routes lead there. */
  ALLOWED_HOSTS: commaList().optional(),
  /** Absent: on, unless ENVIRONMENT is production. */
  CONSOLE: z.enum(["on", "off"], "Expected on or off.").optional(),
  /** Whether the API describes itself. `GET /contract` tells its operations in any case. */
  DOCS: z.enum(["on", "off"], "Expected on or off.").default("on"),
  /** Absent: on if ENVIRONMENT is production. Elsewhere nobody keeps the lines, and each takes time of the thread that serves requests. */
  REQUEST_LOG: z.enum(["on", "off"], "Expected on or off.").optional(),
  /** On: callers can list their requests, and each of these costs a written row more. */
  REQUEST_INDEX: z.enum(["on", "off"], "Expected on or off.").default("off"),
  REPLY_STORE: z.enum(["mailbox", "kv"], "Expected mailbox or kv.").default("mailbox"),
  /** One workerd is one thread, so one shard is the fastest locally; 8 when deployed. */
  MAILBOX_SHARDS: integer(1, 65_535).default(1),
  /** Where the rows of views are, on Cloudflare. With another number, consumers send all of them again. */
  VIEW_SHARDS: integer(1, 16).default(1),
  /** After this a finished status moves to KV. Most callers have read it by then. */
  MAILBOX_RETENTION_SECONDS: integer(60, 86_400).default(3_600),
  /** Where new mailbox shards are placed: near Kafka. */
  MAILBOX_LOCATION_HINT: z.enum(LOCATION_HINTS, `Expected one of ${LOCATION_HINTS.join(", ")}.`).optional(),
});

/** The hosts that the variables name, see {@link createHostCheck}. */
export const namedHosts = ({
  PUBLIC_URL,
  ALLOWED_HOSTS = [],
}: Pick<z.output<typeof workerSchema>, "PUBLIC_URL" | "ALLOWED_HOSTS">): string[] => [
  ...ALLOWED_HOSTS,
  ...(PUBLIC_URL === undefined ? [] : [new URL(PUBLIC_URL).hostname]),
];

/** What the variables of a Worker demand of one another, on every host. */
export const demandOfWorker =
  (settings: IdentitySettings): Demand =>
  (set) => ({ ...demandIdentity(settings)(set), ...demandWebhooks(set) });

type Values = Readonly<z.output<typeof workerSchema>>;

/** Only a mailbox can hold connections to Kafka. */
export type WorkerConfig =
  | (Values & { readonly REPLY_STORE: "mailbox"; readonly producer: ProducerConfig | KafkaProducerConfig })
  | (Values & { readonly REPLY_STORE: "kv"; readonly producer: ProducerConfig });

/** A list asks all shards, and a call of the platform may make only so many. */
const demandFewShards: Demand = ({ REQUEST_INDEX: index, MAILBOX_SHARDS: shards }): ReturnType<Demand> =>
  index === "on" && Number(shards) > MAX_LINKED_SHARDS
    ? { REQUEST_INDEX: `Expected off, or MAILBOX_SHARDS to be at most ${MAX_LINKED_SHARDS}: a list asks every shard.` }
    : {};

/**
 * Reads the Worker's variables and secrets, for a Worker that serves this contract.
 * @throws ConfigurationError with every problem.
 */
export const readWorkerConfig = (env: object, contract: Contract, settings: IdentitySettings = {}): WorkerConfig => {
  const variables = env as Record<string, unknown>;
  const [producer, rest] = readTogether(
    () => readWorkerProducerConfig(variables, contract, { hasObjects: variables["REPLY_STORE"] !== "kv" }),
    () => readEnvironment(workerSchema, variables, (set) => ({ ...demandOfWorker(settings)(set), ...demandFewShards(set) })),
  );
  return Object.freeze({ ...rest, producer }) as WorkerConfig;
};
