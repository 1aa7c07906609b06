import type { Context } from "hono";
import { type Contract, findOperation } from "../../contract/contract.ts";
import type { Operation } from "../../contract/operation.ts";
import { validate } from "../../contract/schema.ts";
import { isJsonMediaType } from "../../protocol/cloudevent.ts";
import { type ErrorCode, RejoinderError } from "../../protocol/errors.ts";
import { encodeEvent, type ProducerRecord } from "../../protocol/kafka-record.ts";
import { MAX_REQUEST_BYTES } from "../../protocol/limits.ts";
import { createRequestEvent, dataSchemaOf } from "../../protocol/request-event.ts";
import { createSpringHeaders } from "../../protocol/spring-headers.ts";
import { isTerminal } from "../../protocol/states.ts";
import { readTraceparent, writeTraceparent } from "../../protocol/traceparent.ts";
import { parseJson, readBody } from "../body.ts";
import type { CorrelationId, CorrelationIds } from "../correlation-id.ts";
import { appliedHeaders, readPrefer, waitSecondsOf } from "../prefer.ts";
import { TRACEPARENT } from "../request-observer.ts";
import type { PublishResult, RequestPublisher } from "../request-publisher.ts";
import { finalResponse, pendingResponse, problemResponse, statusPath } from "../responses.ts";
import type { StatusStore } from "../status-store.ts";

type RequestsOptions = {
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
export const createRequestsRoute = ({ contract, ids, publisher, statuses, shards, source, random = Math.random }: RequestsOptions) => {
  return async (context: Context): Promise<Response> => {
    const operation = operationOf(contract, context.req.param("operation") ?? "");
    const { data, request } = await readRequest(context, operation);
    const preferences = readPrefer(context.req.header("prefer"));
    const id = await ids.create({ shard: Math.floor(random() * shards), ...operation });
    const record = createRecord({
      operation,
      id,
      data,
      orderingKey: operation.orderingKey?.(request),
      source,
      traceparent: context.get(TRACEPARENT) ?? context.req.header(TRACEPARENT),
    });
    const waitSeconds = waitSecondsOf(preferences, statuses);
    const result = await publisher.publish(id, record, waitSeconds * 1_000, context.req.raw);

    if (result.outcome !== "stored") return failureResponse(id, result);
    const { status } = result;
    if (status !== undefined && isTerminal(status.state)) return finalResponse(id, status, appliedHeaders(waitSeconds, false));
    const headers = { ...appliedHeaders(waitSeconds, preferences.respondAsync), location: statusPath(id.text) };
    return pendingResponse(id, status, statuses, headers);
  };
};

const operationOf = (contract: Contract, name: string): Operation => {
  const operation = findOperation(contract, name);
  if (operation !== undefined) return operation;
  const operations = Object.keys(contract);
  throw new RejoinderError("UNKNOWN_OPERATION", { detail: `Expected one of ${operations.join(", ")}.`, members: { operations } });
};

/** The data as it came, and the request that the schema makes of it. */
const readRequest = async (context: Context, operation: Operation): Promise<{ data: unknown; request: unknown }> => {
  const contentType = context.req.header("content-type");
  if (contentType === undefined || !isJsonMediaType(contentType)) {
    throw new RejoinderError("UNSUPPORTED_MEDIA_TYPE", { detail: "Expected the header Content-Type: application/json." });
  }
  const data = parseJson(await readBody(context.req.raw, MAX_REQUEST_BYTES));
  const { value, errors } = await validate(operation.request, data);
  if (errors === undefined) return { data, request: value };
  throw new RejoinderError("INVALID_REQUEST", { detail: `Expected a request that fits operation ${operation.name}.`, members: { errors } });
};

/** The handler gets the data as it came: the consumer applies the schema's defaults and transforms, once. */
const createRecord = ({
  operation,
  id,
  data,
  orderingKey,
  source,
  traceparent,
}: {
  operation: Operation;
  id: CorrelationId;
  data: unknown;
  orderingKey: string | undefined;
  source: string;
  traceparent: string | undefined;
}): ProducerRecord => {
  const { topic, responder } = operation;
  const parent = readTraceparent(traceparent);
  const event = createRequestEvent({
    correlationId: id.text,
    operation: operation.name,
    source,
    acceptedAt: id.createdAt,
    deadline: id.deadline,
    data,
    traceparent: parent && writeTraceparent(parent),
    authtype: "unauthenticated",
    orderingKey,
    // A responder has no contract of ours that could differ.
    dataschema: responder === undefined ? dataSchemaOf(operation.name, operation.description.fingerprint) : undefined,
  });
  const { value, headers } = encodeEvent(event);
  const record = { topic, value, ...(orderingKey === undefined ? {} : { key: orderingKey }) };
  // A responder ignores the attributes of an event, as it does every header that it does not know.
  if (responder !== undefined) return { ...record, headers: [...headers, ...createSpringHeaders(id.text, responder.replyTopic)] };
  return { ...record, headers };
};

const CODES: Record<Exclude<PublishResult["outcome"], "stored">, ErrorCode> = {
  rejected: "PRODUCE_REJECTED",
  unavailable: "PRODUCE_UNAVAILABLE",
  unknown: "PRODUCE_UNKNOWN",
  overloaded: "OVERLOADED",
};

/** A request is called accepted only if it is certainly stored. If it may be stored, the response names its status. */
const failureResponse = (id: CorrelationId, result: Exclude<PublishResult, { outcome: "stored" }>): Response => {
  const detail = "detail" in result ? result.detail : undefined;
  if (result.outcome !== "unknown") return problemResponse(new RejoinderError(CODES[result.outcome], { detail }));
  const error = new RejoinderError("PRODUCE_UNKNOWN", {
    detail: `${detail} Look at the status before you send the request again.`,
    members: { correlationId: id.text, retryable: false },
  });
  return problemResponse(error, { location: statusPath(id.text) });
};
