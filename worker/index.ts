import { operations } from "../contract/operations.ts";
import { ConfigurationError } from "../environment/environment.ts";
import { RejoinderError } from "../protocol/errors.ts";
import { problemAnswer } from "./answers.ts";
import { createApp } from "./app.ts";
import { readWorkerConfig, type WorkerConfig } from "./config.ts";
import { createCorrelationIds } from "./correlation-id.ts";
import { createProducer } from "./producer-config.ts";
import type { ReplyStore } from "./reply-store.ts";
import { kvStore } from "./stores/kv.ts";
import { mailboxStore } from "./stores/mailbox.ts";

export { Mailbox } from "./mailbox/durable-object.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

/** One app for each environment object that the runtime hands in, which is one for the life of an isolate. */
const apps = new WeakMap<Env, Fetch>();

export default {
  fetch(request, env): Response | Promise<Response> {
    let app = apps.get(env);
    if (app === undefined) apps.set(env, (app = createFetch(env)));
    return app(request);
  },
} satisfies ExportedHandler<Env>;

const createFetch = (env: Env): Fetch => {
  try {
    const config = readWorkerConfig(env);
    const app = createApp({
      contract: operations,
      ids: createCorrelationIds({ secrets: config.CORRELATION_SECRET, environment: config.ENVIRONMENT }),
      store: createStore(config, env),
      shards: config.MAILBOX_SHARDS,
      source: config.PUBLIC_URL ?? "/worker",
      corsOrigins: config.CORS_ORIGINS,
      replySecrets: config.REPLY_SECRET,
    });
    return (request) => app.fetch(request, env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return misconfigured(error);
  }
};

const createStore = (config: WorkerConfig, env: Env): ReplyStore =>
  config.REPLY_STORE === "kv"
    ? kvStore({ kv: env.REPLIES, producer: createProducer(config, env) })
    : mailboxStore({ namespace: env.MAILBOX, locationHint: config.MAILBOX_LOCATION_HINT });

/** A Worker that is not configured refuses everything, and names every variable that is missing or wrong, never a value. */
const misconfigured = ({ message, problems }: ConfigurationError): Fetch => {
  console.error(message);
  const detail = "Set the variables that are named in problems.";
  return () => problemAnswer(new RejoinderError("MISCONFIGURED", { detail, members: { problems } }));
};
