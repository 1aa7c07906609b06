import type { Contract } from "../contract/contract.ts";
import { ConfigurationError, readTogether } from "../environment/environment.ts";
import { RejoinderError } from "../protocol/errors.ts";
import { createTracing, type Telemetry, type Tracing } from "../protocol/tracing.ts";
import { createApp } from "./app.ts";
import { namedHosts, readWorkerConfig, type WorkerConfig } from "./config.ts";
import { isConsoleOn } from "./console.ts";
import { isDocsOn } from "./docs.ts";
import { createCorrelationIds } from "./correlation-id.ts";
import { readDescription } from "./description/described-api.ts";
import { openApiKeys } from "./hosts/cloudflare/api-keys.ts";
import type { Authenticate } from "./identity/authenticate.ts";
import { createIdentity } from "./identity/identity.ts";
import type { PrincipalOf } from "./identity/jwt/jwt-authenticator.ts";
import { createEntrance, createHostCheck } from "./entrance.ts";
import type { Bindings } from "./hosts/cloudflare/bindings.ts";
import { checkLimitBindings, cloudflareLimits } from "./hosts/cloudflare/limits.ts";
import { LimitsObject } from "./hosts/cloudflare/limits-object.ts";
import { defineMailbox } from "./hosts/cloudflare/mailbox-object.ts";
import { mailboxStore } from "./hosts/cloudflare/mailbox-store.ts";
import { cloudflareViews } from "./hosts/cloudflare/views.ts";
import { ViewsObject } from "./hosts/cloudflare/views-object.ts";
import { openWebhooks } from "./hosts/cloudflare/webhooks.ts";
import { MAX_LINKED_SHARDS } from "../protocol/link.ts";
import { headerAddress } from "./limits/caller-address.ts";
import type { Plans } from "./limits/plans.ts";
import type { Consumers } from "./link/consumers.ts";
import type { OpenLink } from "./link/link-route.ts";
import { createDeadLetterLog, createProducer } from "./producer-config.ts";
import { isRequestLogOn } from "./request-observer.ts";
import type { ListRequests } from "./request-index.ts";
import { directPublisher, type RequestPublisher } from "./request-publisher.ts";
import { problemResponse } from "./responses.ts";
import type { StatusStore } from "./status-store.ts";
import { kvStore } from "./stores/kv.ts";
import type { MayReadRow } from "./views/may-read-row.ts";

export { type Authenticate, type Caller, unauthenticated } from "./identity/authenticate.ts";
export type { Plan, Plans } from "./limits/plans.ts";
export type { MayReadRow, RowRead, RowReader } from "./views/may-read-row.ts";
export type { Claims, PrincipalOf } from "./identity/jwt/jwt-authenticator.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

/** What an application gives of its Worker. */
export type WorkerSettings = {
  readonly contract: Contract;
  /** Knows callers in a way of your own, before those that `AUTH` names. With it, `AUTH` need not be set. */
  readonly authenticate?: Authenticate | undefined;
  /** Who calls, by the claims of a valid token of `AUTH=jwt`. Absent: `sub`, with the scopes of `scope` or `scp`, and `plan`. */
  readonly principalOf?: PrincipalOf | undefined;
  /** What callers may do, by the name of their plan. Absent: there are no limits. */
  readonly plans?: Plans | undefined;
  /** Whether a caller whose scope allows the view may read the row of that key. Absent: all of its rows. */
  readonly mayReadRow?: MayReadRow | undefined;
  /** `{ context, trace }` of `@opentelemetry/api`: the Worker begins spans with them. Absent: none. */
  readonly telemetry?: Telemetry;
};

/** What a module of a Worker exports. */
export type WorkerDefinition = {
  /** The default export. `env` holds the variables, secrets and bindings of wrangler.toml. */
  readonly worker: { fetch(request: Request, env: object): Response | Promise<Response> };
  /** The Durable Object, exported by this name: wrangler.toml binds it as MAILBOX. */
  readonly Mailbox: new (ctx: never, env: never) => object;
  /** The Durable Object that counts requests, exported by this name: wrangler.toml binds it as LIMITS. Only plans with a quota or `concurrent` need it. */
  readonly Limits: new (ctx: never, env: never) => object;
  /** The Durable Object that keeps the rows of views, exported by this name: wrangler.toml binds it as VIEWS. Only a contract with views needs it. */
  readonly Views: new (ctx: never, env: never) => object;
};

/**
 * Defines the Worker of a contract: the HTTP API, and the mailbox that keeps requests and wakes their callers. Nothing is read and nothing
 * runs before its first request. A Worker that is not configured answers each request with 500 `MISCONFIGURED`, and `problems` names every
 * variable that is missing or wrong.
 */
export const defineWorker = (settings: WorkerSettings): WorkerDefinition => {
  const { contract, telemetry } = settings;
  const tracing = telemetry && createTracing(telemetry);
  /** One app for each environment object that the runtime hands in, which is one for the life of an isolate. */
  const apps = new WeakMap<object, Fetch>();
  return {
    worker: {
      fetch(request, env) {
        let app = apps.get(env);
        if (app === undefined) apps.set(env, (app = createFetch(settings, env as Bindings, tracing)));
        return app(request);
      },
    },
    Mailbox: defineMailbox(contract, tracing),
    Limits: LimitsObject,
    Views: ViewsObject,
  };
};

const createFetch = (
  { contract, authenticate, principalOf, plans, mayReadRow }: WorkerSettings,
  env: Bindings,
  tracing: Tracing | undefined,
): Fetch => {
  try {
    const [config] = readTogether(
      () => readWorkerConfig(env, contract, { hasAuthenticate: authenticate !== undefined }),
      () => plans && checkLimitBindings(plans, env),
    );
    const { MAILBOX_LOCATION_HINT: locationHint } = config;
    const views = cloudflareViews(contract, { env, shards: config.VIEW_SHARDS, locationHint });
    const ids = createCorrelationIds({ secrets: config.CORRELATION_SECRET, environment: config.ENVIRONMENT });
    const isPlain = ({ url }: Request): boolean => url.startsWith("http:");
    const addressOf = headerAddress("cf-connecting-ip");
    const apiKeys = env.KEYS && openApiKeys(env.KEYS, config.ENVIRONMENT);
    if (config.AUTH?.includes("keys") && apiKeys === undefined)
      throw new ConfigurationError([
        'AUTH names keys, but no KV namespace is bound as KEYS. Add to wrangler.toml: [[kv_namespaces]] binding = "KEYS"',
      ]);
    const webhooks = openWebhooks(config);
    const app = createApp({
      ...createIdentity({ config, contract, ids, authenticate, principalOf, keys: apiKeys?.authenticate, sharesLoads: false, isPlain }),
      apiKeys,
      contract,
      ids,
      ...createPorts(config, env, tracing),
      addressOf,
      limits: plans && cloudflareLimits({ plans, env, addressOf, locationHint }),
      views,
      mayReadRow,
      shards: config.MAILBOX_SHARDS,
      source: config.PUBLIC_URL ?? "/worker",
      corsOrigins: config.CORS_ORIGINS,
      replySecrets: config.REPLY_SECRET,
      webhookKeys: webhooks?.keys,
      webhookPolicy: config.REPLY_STORE === "mailbox" ? webhooks?.policy : undefined,
      deadLetters: createDeadLetterLog(config.producer, env),
      assets: consoleAssets(config, env),
      docs: isDocsOn(config) ? env.ASSETS : undefined,
      description: readDescription(config, authenticate),
      tracing,
      logRequest: isRequestLogOn(config) ? (line) => console.log(JSON.stringify({ level: "info", msg: "request", ...line })) : undefined,
    });
    const hosts = config.ALLOWED_HOSTS === undefined ? undefined : createHostCheck(namedHosts(config));
    return createEntrance((request) => app.fetch(request, env), hosts);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return misconfigured(error);
  }
};

/** The files of the console, if it is on. Whoever turned it on and bound no files finds out why its paths answer 404. */
const consoleAssets = (config: WorkerConfig, { ASSETS }: Bindings): Bindings["ASSETS"] => {
  if (config.CONSOLE === "on" && ASSETS === undefined)
    console.warn("CONSOLE is on, but the console has no files. Add [assets] with binding ASSETS to wrangler.toml.");
  return isConsoleOn(config) ? ASSETS : undefined;
};

type Ports = {
  readonly publisher: RequestPublisher;
  readonly statuses: StatusStore;
  readonly openLink?: OpenLink;
  readonly consumers?: Consumers;
  readonly listRequests?: ListRequests | undefined;
};

/** Where requests are published and statuses kept: both in the mailbox, or without Durable Objects each on its own. */
const createPorts = (config: WorkerConfig, env: Bindings, tracing: Tracing | undefined): Ports => {
  if (config.REPLY_STORE === "kv")
    return {
      publisher: directPublisher({ producer: createProducer({ kafkaRest: config.producer }, env), tracing }),
      statuses: kvStore({ kv: env.REPLIES }),
    };
  const mailbox = mailboxStore({
    namespace: env.MAILBOX,
    locationHint: config.MAILBOX_LOCATION_HINT,
    linkedShards: Math.min(config.MAILBOX_SHARDS, MAX_LINKED_SHARDS),
  });
  const listRequests = config.REQUEST_INDEX === "on" ? mailbox.list : undefined;
  return { publisher: mailbox, statuses: mailbox, openLink: mailbox.openLink, consumers: mailbox.consumers, listRequests };
};

/** A Worker that is not configured refuses every request, and names each variable that is missing or wrong, never a value. */
const misconfigured = ({ message, problems }: ConfigurationError): Fetch => {
  console.error(message);
  const detail = "Set the variables that are named in problems.";
  return () => problemResponse(new RejoinderError("MISCONFIGURED", { detail, members: { problems } }));
};
