import type { Context } from "hono";
import type { Contract } from "../../contract/contract.ts";
import type { Operation } from "../../contract/operation.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import { MAX_REQUEST_BYTES } from "../../protocol/limits.ts";
import { MAX_LINKED_SHARDS } from "../../protocol/link.ts";
import { isTerminal } from "../../protocol/states.ts";
import { checkJsonType, readBody, readJson } from "../body.ts";
import type { CorrelationIds } from "../correlation-id.ts";
import type { CallerSeal } from "../identity/caller-seal.ts";
import type { Authorize, Principal } from "../identity/principal.ts";
import type { AddressOf } from "../limits/caller-address.ts";
import type { Limits, RequestLimits } from "../limits/limits.ts";
import { callerOf, waitNameOf } from "../limits/waits.ts";
import { appliedHeaders, readPrefer, waitSecondsOf } from "../prefer.ts";
import { TRACEPARENT } from "../request-observer.ts";
import { createClaim, readIdempotencyKey, shardOf } from "../idempotency-key.ts";
import type { PublishResult, RequestPublisher } from "../request-publisher.ts";
import { createRecord, operationOf, readData } from "../request-record.ts";
import { finalResponse, pendingResponse, statusPath, statusText, unproducedResponse } from "../responses.ts";
import { type Sha256, webSha256 } from "../sha256.ts";
import type { StatusKey, StatusStore } from "../status-store.ts";

type RequestsOptions = {
  readonly authorize: Authorize;
  readonly addressOf: AddressOf;
  readonly limits?: Limits | undefined;
  readonly seal: CallerSeal["seal"];
  readonly contract: Contract;
  readonly ids: CorrelationIds;
  readonly publisher: RequestPublisher;
  readonly statuses: Pick<StatusStore, "capabilities" | "retryAfterSeconds">;
  readonly shards: number;
  /** The `source` of request events. */
  readonly source: string;
  readonly random?: () => number;
  readonly sha256?: Sha256 | undefined;
};

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
  random = Math.random,
  sha256 = webSha256,
}: RequestsOptions) => {
  const accept = async (context: Context, operation: Operation, caller: Principal, limit?: RequestLimits): Promise<Response> => {
    const key = readIdempotencyKey(context.req.header("idempotency-key"));
    if (key !== undefined && !statuses.capabilities.idempotency) throw new RejoinderError("NOT_SUPPORTED", { detail: NO_KEYS });
    const { json, data, request } = await readRequest(context, operation);
    const preferences = readPrefer(context.req.header("prefer"));
    const claim = key === undefined ? undefined : await createClaim({ caller, key, operation, data, sha256 });
    const shard = claim === undefined ? Math.floor(random() * shards) : shardOf(claim, shards);
    const created: StatusKey = await ids.create({ shard, owner: caller.owner, ...operation });
    let waitSeconds = waitSecondsOf(preferences, statuses);
    const merelyWaits = waitSeconds > 0 && !preferences.respondAsync;
    const consumerOf = merelyWaits && needsConsumer(operation) && shard < MAX_LINKED_SHARDS ? operation.name : undefined;
    const publish = async (id: StatusKey, mustBeKnown = false): Promise<PublishResult> => {
      const unsealed = createRecord({
        operation,
        id,
        json,
        orderingKey: operation.orderingKey?.(request),
        source,
        traceparent: context.get(TRACEPARENT) ?? context.req.header(TRACEPARENT),
      });
      const sealed = seal(unsealed, { correlationId: id.text, operation: operation.name, data }, caller);
      const record = sealed instanceof Promise ? await sealed : sealed;
      const waiting = waitSeconds > 0 ? callerOf(context.req.raw, waitNameOf(caller, addressOf, context)) : undefined;
      const claimed = claim && mustBeKnown ? { ...claim, mustBeKnown } : claim;
      return publisher.publish(id, record, waitSeconds * 1_000, waiting, consumerOf, claimed);
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

/** Of requests that count in a quota. */
const MAY_BE_SENT: ReadonlySet<PublishResult["outcome"]> = new Set(["stored", "unknown", "unclaimed"]);

const REPLAYED = { "idempotent-replayed": "true" };

const NO_KEYS = "With REPLY_STORE=kv no request can be recognised by its key. Send it without Idempotency-Key; nothing was sent to Kafka.";

/** The data as it came, as JSON text too, and the request that the schema makes of it. */
const readRequest = async (context: Context, operation: Operation): Promise<{ json: string; data: unknown; request: unknown }> => {
  checkJsonType(context.req.header("content-type"));
  const { json, data } = readJson(await readBody(context.req.raw, MAX_REQUEST_BYTES));
  return { json, data, request: await readData(operation, data, json) };
};

/** Responders have no links. */
const needsConsumer = ({ withoutConsumer, responder }: Operation): boolean => withoutConsumer === "refuse" && responder === undefined;
