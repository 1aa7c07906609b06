import type { ProcessEnvironment } from "../start/part-environments.ts";

/** The variables that the Worker reads. It gets no others from the environment of its process. */
export const WORKER_VARIABLES = [
  "ENVIRONMENT",
  "AUTH",
  "JWT_ISSUER",
  "JWT_AUDIENCE",
  "JWT_ALGORITHMS",
  "JWT_JWKS_URL",
  "CORRELATION_SECRET",
  "REPLY_SECRET",
  "WEBHOOK_SIGNING_KEY",
  "WEBHOOK_SECRET",
  "WEBHOOK_ALLOWED_HOSTS",
  "UPSTASH_KAFKA_REST_URL",
  "UPSTASH_KAFKA_REST_USERNAME",
  "UPSTASH_KAFKA_REST_PASSWORD",
  "KAFKA_REST_KIND",
  "KAFKA_REST_URL",
  "KAFKA_REST_USERNAME",
  "KAFKA_REST_PASSWORD",
  "KAFKA_REST_TOKEN",
  "KAFKA_REST_CLUSTER_ID",
  "KAFKA_BROKERS",
  "KAFKA_SSL",
  "KAFKA_SSL_CA_FILE",
  "KAFKA_SASL_MECHANISM",
  "KAFKA_USERNAME",
  "KAFKA_PASSWORD",
  "KAFKA_TOKEN_FILE",
  "KAFKA_CLIENT_ID",
  "REQUEST_INDEX",
  "REPLY_STORE",
  "MAILBOX_SHARDS",
  "VIEW_SHARDS",
  "MAILBOX_RETENTION_SECONDS",
  "MAILBOX_LOCATION_HINT",
  "CORS_ORIGINS",
  "CONSOLE",
  "DOCS",
  "REQUEST_LOG",
  "PUBLIC_URL",
  "ALLOWED_HOSTS",
] as const;

/** The Worker's variables that are set, as bindings. On this machine a Worker is asked by any name that leads here, so it checks the name. */
export const createWorkerBindings = (environment: ProcessEnvironment): Record<string, string> => ({
  ALLOWED_HOSTS: "localhost",
  ...Object.fromEntries(
    WORKER_VARIABLES.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  ),
});
