import { type Context, Hono } from "hono";
import type { Contract } from "../contract/contract.ts";
import { RejoinderError } from "../protocol/errors.ts";
import type { Tracing } from "../protocol/tracing.ts";
import { VERSION } from "../protocol/version.ts";
import { CONSOLE_PATHS, type ConsoleFiles, createConsole } from "./console.ts";
import { PUBLIC_OWNER, type CorrelationIds } from "./correlation-id.ts";
import { createCors } from "./cors.ts";
import { localRedrive } from "./dead-letters/local-redrive.ts";
import { DOCS_PATHS, DOCS_SECURITY_POLICY } from "./docs.ts";
import type { DeadLetterLog } from "./dead-letters/log.ts";
import { createCallerSeal } from "./identity/caller-seal.ts";
import type { CreateTextMac } from "./identity/derived-key.ts";
import { type Authorize, OPERATOR, type Principal } from "./identity/principal.ts";
import type { AddressOf } from "./limits/caller-address.ts";
import type { Limits } from "./limits/limits.ts";
import type { ApiKeys } from "./identity/keys/api-keys.ts";
import { METADATA_PATH, type ProtectedResource } from "./identity/protected-resource.ts";
import type { StatusTokens } from "./identity/status-token.ts";
import type { Consumers } from "./link/consumers.ts";
import { createLinkRoute, type OpenLink } from "./link/link-route.ts";
import { type Description, DOCUMENTS } from "./description/described-api.ts";
import { createRedriver, type Redriver } from "./redrive.ts";
import { BATCH_PATH, createRequestObserver, type LogRequest } from "./request-observer.ts";
import type { ListRequests } from "./request-index.ts";
import type { RequestPublisher } from "./request-publisher.ts";
import { jsonResponse, problemResponse } from "./responses.ts";
import { createBatchRoute } from "./routes/batch.ts";
import { createConsumersRoute } from "./routes/consumers.ts";
import { createContractRoute } from "./routes/contract.ts";
import { createDeadLettersRoutes } from "./routes/dead-letters.ts";
import { createDescriptionRoutes } from "./routes/descriptions.ts";
import { createKeysRoute } from "./routes/keys.ts";
import { createRedrivesRoute } from "./routes/redrives.ts";
import { createRepliesRoute } from "./routes/replies.ts";
import { createRequestsListRoute } from "./routes/requests-list.ts";
import { createRequestsRoute } from "./routes/requests.ts";
import { createCancelRoute, createStatusRoute } from "./routes/status.ts";
import { createStatusTokenRoute } from "./routes/status-token.ts";
import { createViewsRoutes } from "./routes/views.ts";
import { createWebhookRoutes } from "./routes/webhook.ts";
import { createWebhookKeysRoute, WEBHOOK_KEYS_PATH } from "./routes/webhook-keys.ts";
import type { Sha256 } from "./sha256.ts";
import type { StatusStore } from "./status-store.ts";
import type { MayReadRow } from "./views/may-read-row.ts";
import type { ViewStore } from "./views/view-store.ts";
import type { WebhookKeys } from "./webhooks/webhook-keys.ts";
import type { WebhookUrlPolicy } from "./webhooks/webhook-url.ts";

type AppOptions = {
  /** Absent: anybody may do everything. */
  readonly authorize?: Authorize | undefined;
  /** Absent: nobody knows from where a call comes. */
  readonly addressOf?: AddressOf | undefined;
  /** The API keys that an operator manages. Absent: the host has no place for them. */
  readonly apiKeys?: Pick<ApiKeys, "keys" | "environment"> | undefined;
  /** Absent: nobody gets tokens for a status. */
  readonly statusTokens?: Pick<StatusTokens, "create"> | undefined;
  /** Absent: there are no credentials that could be had somewhere. */
  readonly protectedResource?: Pick<ProtectedResource, "route"> | undefined;
  /** Absent: no caller has limits. */
  readonly limits?: Limits | undefined;
  readonly contract: Contract;
  readonly ids: CorrelationIds;
  readonly publisher: RequestPublisher;
  readonly statuses: StatusStore;
  readonly shards: number;
  readonly source: string;
  readonly corsOrigins: readonly string[];
  /** Absent: the contract has no views. */
  readonly views?: ViewStore | undefined;
  /** Absent: whoever may read a view may read all of its rows. */
  readonly mayReadRow?: MayReadRow | undefined;
  /** Where webhooks may go. Absent: they are switched off. */
  readonly webhookPolicy?: WebhookUrlPolicy | undefined;
  readonly replySecrets: readonly Uint8Array<ArrayBuffer>[];
  /** Absent: the store has no mailboxes to link to. */
  readonly openLink?: OpenLink | undefined;
  /** Absent: as for `openLink`. */
  readonly consumers?: Consumers | undefined;
  /** By what webhooks are signed. Absent: there are none. */
  readonly webhookKeys?: Pick<WebhookKeys, "publicKeys"> | undefined;
  /** Absent: there is no index of requests, or it is off. */
  readonly listRequests?: ListRequests | undefined;
  /** Absent: the dead letters cannot be read here. */
  readonly deadLetters?: DeadLetterLog | undefined;
  /** The files of the console. Absent: the console is off, and so is what only the console may ask. */
  readonly assets?: ConsoleFiles | undefined;
  /** The files of the reference of the API. Absent: it is off. */
  readonly docs?: ConsoleFiles | undefined;
  /** Why requests cannot be served now, in a sentence; undefined if they can. Absent: the host knows of nothing that could be wrong. */
  readonly findProblem?: () => string | undefined;
  /** What the documents of this API say of it. Absent: there are none. */
  readonly description?: Description | undefined;
  /** Absent: no spans. */
  readonly tracing?: Tracing | undefined;
  /** Takes a line for each request. Absent: there are none. */
  readonly logRequest?: LogRequest | undefined;
  readonly now?: () => number;
  /** Default: that of the web. */
  readonly sha256?: Sha256;
  /** Default: that of the web. */
  readonly createMac?: CreateTextMac;
};

const ANYBODY: Principal = {
  subject: undefined,
  authtype: "unauthenticated",
  scopes: ["requests:*", "views:*", "status:read", OPERATOR],
  owner: PUBLIC_OWNER,
};

const HEALTH = JSON.stringify({ status: "ok", version: VERSION });

/** The HTTP API. `/replies`, `/redrives`, `/keys` and `/link` are for holders of the secret only, so they have no CORS. */
export const createApp = ({
  authorize = () => ANYBODY,
  addressOf = () => undefined,
  limits,
  apiKeys,
  statusTokens,
  protectedResource,
  contract,
  ids,
  publisher,
  statuses,
  shards,
  source,
  corsOrigins,
  views,
  mayReadRow,
  webhookPolicy,
  replySecrets,
  openLink,
  consumers,
  webhookKeys,
  listRequests,
  deadLetters,
  assets,
  docs,
  description,
  findProblem = () => undefined,
  tracing,
  logRequest,
  now,
  sha256,
  createMac,
}: AppOptions): Hono => {
  const app = new Hono();
  const { seal, carry } = createCallerSeal({ secrets: replySecrets, createMac });
  if (corsOrigins.length > 0) {
    const use = createCors(corsOrigins);
    for (const path of ["/requests/*", BATCH_PATH, "/status/*", "/views/*", "/contract", "/health", METADATA_PATH]) app.use(path, use);
    for (const { path } of Object.values(DOCUMENTS)) app.use(path, use);
  }
  const redrive = createRedriver({ carry, contract, ids, publisher, source, ...(now && { now }) });
  const webhook = createWebhookRoutes({ authorize, ids, statuses });
  const accepting = { authorize, limits, seal, contract, ids, publisher, statuses, shards, source, webhookPolicy, sha256 };
  const routes: readonly Route[] = [
    { method: "GET", path: "/health", handle: () => healthResponse(findProblem()) },
    { method: "GET", path: "/contract", handle: createContractRoute(contract) },
    {
      method: "POST",
      path: "/requests/:operation",
      handle: createRequestsRoute({ ...accepting, addressOf }),
    },
    { method: "POST", path: BATCH_PATH, handle: createBatchRoute(accepting) },
    { method: "GET", path: "/requests", handle: createRequestsListRoute({ authorize, contract, ids, statuses, listRequests, sha256 }) },
    {
      method: "GET",
      path: "/status/:correlationId",
      handle: createStatusRoute({ authorize, addressOf, ids, statuses, ...(now && { now }) }),
    },
    { method: "DELETE", path: "/status/:correlationId", handle: createCancelRoute({ authorize, ids, statuses, ...(now && { now }) }) },
    { method: "GET", path: "/status/:correlationId/webhook", handle: webhook.show },
    { method: "POST", path: "/status/:correlationId/webhook", handle: webhook.replay },
    ...(statusTokens === undefined
      ? []
      : [
          {
            method: "POST",
            path: "/status/:correlationId/token",
            handle: createStatusTokenRoute({ authorize, ids, statusTokens, ...(now && { now }) }),
          } as const,
        ]),
    ...(protectedResource === undefined ? [] : [{ method: "GET", path: METADATA_PATH, handle: protectedResource.route } as const]),
    ...(webhookKeys === undefined
      ? []
      : [{ method: "GET", path: WEBHOOK_KEYS_PATH, handle: createWebhookKeysRoute(webhookKeys) } as const]),
    {
      method: "POST",
      path: "/redrives",
      handle: createRedrivesRoute({ redrive, statuses, secrets: replySecrets, ...(now && { now }) }),
    },
    {
      method: "POST",
      path: "/keys",
      handle: createKeysRoute({ contract, apiKeys, webhookPolicy, secrets: replySecrets, ...(now && { now }) }),
    },
    {
      method: "POST",
      path: "/replies",
      handle: createRepliesRoute({
        ids,
        statuses,
        secrets: replySecrets,
        operations: Object.keys(contract),
        consumers,
        tracing,
        ...(now && { now }),
      }),
    },
    { method: "GET", path: "/link/:shard", handle: createLinkRoute({ shards, secrets: replySecrets, openLink, ...(now && { now }) }) },
    ...createViewsRoutes({ authorize, addressOf, contract, views, mayReadRow, secrets: replySecrets, now }),
    ...(assets === undefined ? [] : consoleRoutes({ assets, authorize, contract, consumers, deadLetters, redrive })),
    ...(docs === undefined
      ? []
      : DOCS_PATHS.map((path) => ({ method: "GET", path, handle: createConsole(docs, DOCS_SECURITY_POLICY) }) as const)),
    ...(description === undefined
      ? []
      : createDescriptionRoutes(() => ({ ...description, contract, routes, hasLimits: limits !== undefined }))),
  ];
  // One handler for each path and no middleware: composing handlers costs a request as much as routing it.
  const observe = createRequestObserver({ contract, tracing, logRequest });
  for (const { method, path, handle } of routes) app.on(method, path, observe(method, path, handle));
  app.notFound(observe("*", "none", ({ req }) => answerUnrouted(routes, req)));
  app.onError((error) => problemResponse(error));
  return app;
};

const healthResponse = (problem: string | undefined): Response =>
  problem === undefined ? jsonResponse(200, HEALTH) : problemResponse(new RejoinderError("STORE_UNAVAILABLE", { detail: problem }));

type ConsoleOptions = Pick<AppOptions, "contract" | "consumers" | "deadLetters"> & {
  readonly assets: ConsoleFiles;
  readonly authorize: Authorize;
  readonly redrive: Redriver;
};

/** The page, and what operators see and do by it. No page of another origin has any of it. */
const consoleRoutes = ({ assets, authorize, contract, consumers, deadLetters, redrive }: ConsoleOptions): readonly Route[] => {
  const letters = createDeadLettersRoutes({ authorize, contract, log: deadLetters, redrive: localRedrive(redrive) });
  return [
    { method: "GET", path: "/consumers", handle: createConsumersRoute(authorize, consumers) },
    { method: "GET", path: "/dead-letters", handle: letters.list },
    { method: "GET", path: "/dead-letters/:topic/:partition/:offset", handle: letters.show },
    { method: "POST", path: "/dead-letters/redrive", handle: letters.redrive },
    { method: "POST", path: "/dead-letters/drop", handle: letters.drop },
    ...CONSOLE_PATHS.map((path) => ({ method: "GET", path, handle: createConsole(assets) }) as const),
  ];
};

type Route = { readonly method: "GET" | "POST" | "DELETE"; readonly path: string; handle(context: Context): Response | Promise<Response> };

/** Says why a request has no route: nothing is at its path, or the path does not take the method (RFC 9110 §15.5.6). */
const answerUnrouted = (routes: readonly Route[], { method, path }: Context["req"]): Response => {
  const atPath = routes.filter((candidate) =>
    new RegExp(`^${candidate.path.replace(".", "\\.").replace(/\/:\w+/g, "/[^/]+")}$`).test(path),
  );
  if (atPath.length === 0) {
    return problemResponse(
      new RejoinderError("NOT_FOUND", {
        detail: "Expected /requests/:operation, /requests:batch, /status/:correlationId, /contract or /health.",
      }),
    );
  }
  const allowed = atPath.flatMap((route) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method]));
  const detail = `Expected ${allowed.join(" or ")}, got ${method}.`;
  return problemResponse(new RejoinderError("METHOD_NOT_ALLOWED", { detail }), { allow: allowed.join(", ") });
};
