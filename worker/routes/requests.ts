import type { Context } from "hono";
import type { Contract } from "../../contract/contract.ts";
import type { Operation } from "../../contract/operation.ts";
import { MAX_REQUEST_BYTES } from "../../protocol/limits.ts";
import { MAX_LINKED_SHARDS } from "../../protocol/link.ts";
import { isTerminal } from "../../protocol/states.ts";
import { checkJsonType, parseJson, readBody } from "../body.ts";
import type { CorrelationIds } from "../correlation-id.ts";
import type { Authorize, Principal } from "../identity/principal.ts";
import type { AddressOf } from "../limits/caller-address.ts";
import type { Limits, RequestLimits } from "../limits/limits.ts";
import { callerOf, waitNameOf } from "../limits/waits.ts";
import { appliedHeaders, readPrefer, waitSecondsOf } from "../prefer.ts";
import { TRACEPARENT } from "../request-observer.ts";
import type { RequestPublisher } from "../request-publisher.ts";
import { createRecord, operationOf, readData } from "../request-record.ts";
import { finalResponse, pendingResponse, statusPath, statusText, unproducedResponse } from "../responses.ts";
import type { StatusStore } from "../status-store.ts";

type RequestsOptions = {
  readonly authorize: Authorize;
  readonly addressOf: AddressOf;
  readonly limits?: Limits | undefined;
  readonly contract: Contract;
  readonly ids: CorrelationIds;
  readonly publisher: RequestPublisher;
  readonly statuses: Pick<StatusStore, "capabilities" | "retryAfterSeconds">;
  readonly shards: number;
  /** The `source` of request events. */
  readonly source: string;
  readonly random?: () => number;
};

/** `POST /requests/:operation`: checks, accepts, produces, and waits as long as the caller prefers. */
export const createRequestsRoute = ({
  authorize,
  addressOf,
  limits,
  contract,
  ids,
  publisher,
  statuses,
  shards,
  source,
  random = Math.random,
}: RequestsOptions) => {
  const accept = async (context: Context, operation: Operation, caller: Principal, limit?: RequestLimits): Promise<Response> => {
    const { data, request } = await readRequest(context, operation);
    const preferences = readPrefer(context.req.header("prefer"));
    const id = await ids.create({ shard: Math.floor(random() * shards), owner: caller.owner, ...operation });
    const record = createRecord({
      operation,
      id,
      data,
      orderingKey: operation.orderingKey?.(request),
      source,
      traceparent: context.get(TRACEPARENT) ?? context.req.header(TRACEPARENT),
    });
    let waitSeconds = waitSecondsOf(preferences, statuses);
    const merelyWaits = waitSeconds > 0 && !preferences.respondAsync;
    const consumerOf = merelyWaits && needsConsumer(operation) && id.shard < MAX_LINKED_SHARDS ? operation.name : undefined;
    const waiting = waitSeconds > 0 ? callerOf(context.req.raw, waitNameOf(caller, addressOf, context)) : undefined;
    await limit?.count(id);
    let result = await publisher.publish(id, record, waitSeconds * 1_000, waiting, consumerOf);
    if (result.outcome === "overloaded" && result.hasNoRoom === true && preferences.respondAsync)
      result = await publisher.publish(id, record, (waitSeconds = 0));

    if (result.outcome !== "stored" && result.outcome !== "unknown") limit?.takeBack();
    if (result.outcome !== "stored") return unproducedResponse(id, result);
    const { status } = result;
    if (status !== undefined && isTerminal(status.state)) return finalResponse(id, status, appliedHeaders(waitSeconds, false));
    const headers = { ...appliedHeaders(waitSeconds, preferences.respondAsync), location: statusPath(id.text) };
    return pendingResponse(statusText(id, status), statuses, headers);
  };

  return async (context: Context): Promise<Response> => {
    const operation = operationOf(contract, context.req.param("operation") ?? "");
    const caller = await authorize(context, `requests:${operation.name}`);
    const limit = limits?.(context, caller);
    if (limit === undefined) return accept(context, operation, caller);
    await limit.begin();
    return limit.describe(await accept(context, operation, caller, limit));
  };
};

/** The data as it came, and the request that the schema makes of it. */
const readRequest = async (context: Context, operation: Operation): Promise<{ data: unknown; request: unknown }> => {
  checkJsonType(context.req.header("content-type"));
  const data = parseJson(await readBody(context.req.raw, MAX_REQUEST_BYTES));
  return { data, request: await readData(operation, data) };
};

/** Responders have no links. */
const needsConsumer = ({ withoutConsumer, responder }: Operation): boolean => withoutConsumer === "refuse" && responder === undefined;
