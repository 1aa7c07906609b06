import { join } from "node:path";
import type { Contract } from "../../contract/contract.ts";
import type { Secrets } from "./secrets.ts";
import { topicsToProvide } from "./topics.ts";

/** Variables of a process, as `child_process` takes them. */
export type ProcessEnvironment = { readonly [name: string]: string | undefined };

/** The environment of each part of a start: what the caller set, within what keeps the parts together. */
export type PartEnvironments = {
  readonly gateway: ProcessEnvironment;
  readonly worker: ProcessEnvironment;
  readonly consumer: ProcessEnvironment;
};

/** The user of the gateway that the Worker and the consumer share. */
const GATEWAY_USER = "rejoinder";

/** What runs the Worker. */
export type Host = "workerd" | "node";

/** Where a start is and what it runs on. */
export type StartPlace = {
  /** Absent: workerd. */
  readonly host?: Host | undefined;
  /** Where the Worker listens, on 127.0.0.1. */
  readonly port: number;
  /** Undefined: there is no gateway, since on Node the Worker reaches a cluster by itself. */
  readonly gatewayPort: number | undefined;
  /** Absolute; holds what the start keeps. */
  readonly directory: string;
  /** The cluster that it runs on; undefined: the gateway's own log. */
  readonly kafkaBrokers: string | undefined;
  /** Whether the Worker produces to that cluster itself, without the gateway. On Node it always does. */
  readonly direct?: boolean | undefined;
};

export const createPartEnvironments = (
  place: StartPlace,
  secrets: Secrets,
  environment: ProcessEnvironment,
  contract: Contract,
): PartEnvironments => {
  const isOnNode = place.host === "node";
  const kafkaRest = place.gatewayPort !== undefined && {
    UPSTASH_KAFKA_REST_URL: `http://127.0.0.1:${place.gatewayPort}`,
    UPSTASH_KAFKA_REST_USERNAME: GATEWAY_USER,
    UPSTASH_KAFKA_REST_PASSWORD: secrets.gatewayPassword,
  };
  const all = {
    LOG_FORMAT: "pretty",
    ...environment,
    // An orphan would hold its port and its files against the next start.
    EXIT_WITH_PARENT: "1",
    REJOINDER_DIR: place.directory,
  };
  const gateway = {
    GATEWAY_ENGINE: place.kafkaBrokers === undefined ? "embedded" : "kafka",
    GATEWAY_HOST: "127.0.0.1",
    ...(place.gatewayPort !== undefined && { GATEWAY_PORT: String(place.gatewayPort) }),
    GATEWAY_DATA_DIR: join(place.directory, "gateway"),
    GATEWAY_CREDENTIALS: `${GATEWAY_USER}:${secrets.gatewayPassword}`,
  };
  return {
    gateway: { GATEWAY_TOPICS: topicsToProvide(contract), ...all, ...gateway },
    worker: {
      // One workerd is one thread: more shards only cost.
      MAILBOX_SHARDS: "1",
      REPLY_STORE: "mailbox",
      PUBLIC_URL: `http://localhost:${place.port}`,
      ...all,
      ...kafkaRest,
      // Whoever has them produces to the cluster itself.
      ...(!isOnNode && place.direct !== true && { KAFKA_BROKERS: undefined }),
      ...(isOnNode && { ...gateway, MAILBOX_DATA_DIR: join(place.directory, "mailbox"), HOST: "127.0.0.1" }),
      PORT: String(place.port),
      ENVIRONMENT: "local",
      // Only this machine can call it, unless somebody wants to try keys or tokens.
      AUTH: environment["AUTH"] || "public",
      KAFKA_REST_KIND: "upstash",
      CORRELATION_SECRET: secrets.CORRELATION_SECRET,
      REPLY_SECRET: secrets.REPLY_SECRET,
    },
    consumer: {
      SOURCE: place.kafkaBrokers === undefined ? "upstash" : "kafka",
      ...all,
      // On Node the Worker has that port.
      ...(isOnNode && { METRICS_PORT: undefined }),
      ...kafkaRest,
      CONSUMER_DATA_DIR: join(place.directory, "consumer"),
      WORKER_URL: `http://127.0.0.1:${place.port}`,
      REPLY_SECRET: secrets.REPLY_SECRET,
    },
  };
};
