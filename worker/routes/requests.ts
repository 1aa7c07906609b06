import type { Context } from "hono";
import type { Operation } from "../../contract/operation.ts";
import { MAX_REQUEST_BYTES } from "../../protocol/limits.ts";
import { MAX_LINKED_SHARDS } from "../../protocol/link.ts";
import { isTerminal } from "../../protocol/states.ts";
import { checkJsonType, readBody, readJson } from "../body.ts";
import type { Principal } from "../identity/principal.ts";
import type { AddressOf } from "../limits/caller-address.ts";
import type { RequestLimits } from "../limits/limits.ts";
import { callerOf, waitNameOf } from "../limits/waits.ts";
import { readIfMatch } from "../if-match.ts";
import { appliedHeaders, readPrefer, waitSecondsOf } from "../prefer.ts";
import { createClaim, shardOf } from "../idempotency-key.ts";
import type { PublishResult, RequestPublisher } from "../request-publisher.ts";
import {
  type AcceptanceOptions,
  type CheckedRequest,
  checkRequest,
  createSealedRecords,
  idempotencyKeyOf,
  MAY_BE_SENT,
  traceparentOf,
} from "../request-acceptance.ts";
import { operationOf } from "../request-record.ts";
import { finalResponse, pendingResponse, statusPath, statusText, unproducedResponse } from "../responses.ts";
import { webSha256 } from "../sha256.ts";
import type { StatusKey } from "../status-store.ts";
import { createReplyTo } from "../webhooks/reply-to.ts";

type RequestsOptions = AcceptanceOptions & { readonly publisher: RequestPublisher; readonly addressOf: AddressOf };

/** `POST /requests/:operation`: checks, accepts, produces, and waits as long as the caller prefers. */
export const createRequestsRoute = ({
  authorize,
  addressOf,
  limits,
  seal,
  contract,
  ids,
  publisher,
  statuses,
  shards,
  source,
  webhookPolicy,
  random = Math.random,
  sha256 = webSha256,
}: RequestsOptions) => {
  const replyTo = createReplyTo({ policy: webhookPolicy, source });
  const recordOf = createSealedRecords({ seal, source });
  const accept = async (context: Context, operation: Operation, caller: Principal, limit?: RequestLimits): Promise<Response> => {
    const key = idempotencyKeyOf(context, statuses);
    const webhook = replyTo(context, caller)?.(operation.name);
    const expectedVersion = readIfMatch(context.req.header("if-match"), operation);
    const checked = await readRequest(context, operation, expectedVersion);
    const preferences = readPrefer(context.req.header("prefer"));
    const claim = key === undefined ? undefined : await createClaim({ ...checked, caller, key, sha256 });
    const shard = claim === undefined ? Math.floor(random() * shards) : shardOf(claim, shards);
    const created: StatusKey = await ids.create({ shard, owner: caller.owner, ...operation });
    let waitSeconds = waitSecondsOf(preferences, statuses);
    const merelyWaits = waitSeconds > 0 && !preferences.respondAsync;
    const consumerOf = merelyWaits && needsConsumer(operation) && shard < MAX_LINKED_SHARDS ? operation.name : undefined;
    const publish = async (id: StatusKey, mustBeKnown = false): Promise<PublishResult> => {
      const sealed = recordOf(checked, id, caller, traceparentOf(context));
      const record = sealed instanceof Promise ? await sealed : sealed;
      const waiting = waitSeconds > 0 ? callerOf(context.req.raw, waitNameOf(caller, addressOf, context)) : undefined;
      const claimed = claim && mustBeKnown ? { ...claim, mustBeKnown } : claim;
      return publisher.publish(id, record, waitSeconds * 1_000, waiting, consumerOf, claimed, webhook);
    };
    const refusal = limit === undefined ? undefined : await limit.count(created);
    if (refusal !== undefined && claim === undefined) throw refusal;
    let published = created;
    /** A record that cannot be made is not sent. */
    const notSent = (error: unknown): never => {
      limit?.takeBack();
      throw error;
    };
    let result = await publish(published, refusal !== undefined).catch(notSent);
    if (result.outcome === "overloaded" && result.hasNoRoom === true && preferences.respondAsync) {
      waitSeconds = 0;
      result = await publish(published, refusal !== undefined);
    }
    // What came before was counted then.
    if (refusal !== undefined && result.first === undefined) throw refusal;
    while (result.outcome === "claimed") result = await publish((published = result.first));

    const id = result.first ?? published;
    if (id !== created || !MAY_BE_SENT.has(result.outcome)) limit?.takeBack();
    if (result.outcome !== "stored") return unproducedResponse(id, result);
    const { status } = result;
    const replayed = result.first === undefined ? {} : REPLAYED;
    if (waitSeconds > 0 && status !== undefined && isTerminal(status.state))
      return finalResponse(id, status, { ...appliedHeaders(waitSeconds, false), ...replayed });
    const headers = { ...appliedHeaders(waitSeconds, preferences.respondAsync), ...replayed, location: statusPath(id.text) };
    return pendingResponse(statusText(id, status), statuses, headers);
  };

  return async (context: Context): Promise<Response> => {
    const operation = operationOf(contract, context.req.param("operation") ?? "");
    const known = authorize(context, `requests:${operation.name}`);
    const caller = known instanceof Promise ? await known : known;
    const limit = limits?.(context, caller);
    if (limit === undefined) return accept(context, operation, caller);
    await limit.begin();
    return limit.describe(await accept(context, operation, caller, limit));
  };
};

const REPLAYED = { "idempotent-replayed": "true" };

/** The data as it came, as JSON text too, and the request that the schema makes of it. */
const readRequest = async (context: Context, operation: Operation, expectedVersion: number | undefined): Promise<CheckedRequest> => {
  checkJsonType(context.req.header("content-type"));
  return checkRequest(operation, readJson(await readBody(context.req.raw, MAX_REQUEST_BYTES)), expectedVersion);
};

/** Responders have no links. */
const needsConsumer = ({ withoutConsumer, responder }: Operation): boolean => withoutConsumer === "refuse" && responder === undefined;
