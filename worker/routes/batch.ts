import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { isTextTooDeep } from "../../protocol/json-shape.ts";
import type { ProducerRecord } from "../../protocol/kafka-record.ts";
import { MAX_JSON_DEPTH, MAX_REQUEST_BYTES } from "../../protocol/limits.ts";
import { type BatchItem, readBatch, readItem } from "../batch-items.ts";
import { checkJsonType, readBody, readJson } from "../body.ts";
import { createBatchClaims } from "../idempotency-key.ts";
import { checkIfMatch, refuseIfMatch } from "../if-match.ts";
import { permit } from "../identity/guard.ts";
import { ANY_REQUEST, type Principal } from "../identity/principal.ts";
import type { RequestLimits } from "../limits/limits.ts";
import {
  type AcceptanceOptions,
  type CheckedRequest,
  checkRequest,
  createSealedRecords,
  idempotencyKeyOf,
  MAY_BE_SENT,
  traceparentOf,
} from "../request-acceptance.ts";
import type { Claim, PublishResult, RequestPublisher } from "../request-publisher.ts";
import { operationOf } from "../request-record.ts";
import { jsonResponse, problemResult, statusPath, statusText, unproducedError } from "../responses.ts";
import { webSha256 } from "../sha256.ts";
import type { StatusKey } from "../status-store.ts";
import { createReplyTo } from "../webhooks/reply-to.ts";

type BatchOptions = AcceptanceOptions & { readonly publisher: Pick<RequestPublisher, "publishAll"> };

/** A request of a batch that may go to Kafka. */
type Attempt = {
  readonly index: number;
  readonly checked: CheckedRequest;
  /** The ID that was made for it, and that under which it is published: another one if it came before. */
  readonly created: StatusKey;
  readonly key: StatusKey;
  readonly record: ProducerRecord;
  readonly claim: Claim | undefined;
  /** Why it may not go on, unless it came before. */
  readonly refusal: RejoinderError | undefined;
};

/** `POST /requests:batch`: checks and accepts each request by itself, and produces those that were accepted together. */
export const createBatchRoute = ({
  authorize,
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
}: BatchOptions) => {
  const recordOf = createSealedRecords({ seal, source });
  const replyTo = createReplyTo({ policy: webhookPolicy, source });

  const accept = async (context: Context, caller: Principal, limit: RequestLimits | undefined): Promise<Response> => {
    const idempotencyKey = idempotencyKeyOf(context, statuses);
    const webhookFor = replyTo(context, caller);
    refuseIfMatch(context.req.header("if-match"));
    checkJsonType(context.req.header("content-type"));
    // How deep data may be is asked of each item.
    const items = readBatch(readJson(await readBody(context.req.raw, MAX_REQUEST_BYTES), Number.POSITIVE_INFINITY));
    const claims = idempotencyKey === undefined ? undefined : await createBatchClaims({ caller, key: idempotencyKey, sha256, shards });
    const shard = claims?.shard ?? Math.floor(random() * shards);
    const traceparent = traceparentOf(context);
    const results: string[] = [];
    const refuse = (index: number, error: unknown): void => void (results[index] = JSON.stringify(problemResult(error)));

    const prepare = async (item: BatchItem, index: number): Promise<Attempt> => {
      const { operation: name, data, json, ifMatch } = readItem(item);
      const operation = operationOf(contract, name);
      permit(caller, `requests:${operation.name}`);
      if (isTextTooDeep(json, MAX_JSON_DEPTH)) throw new RejoinderError("MALFORMED_JSON", { detail: TOO_DEEP });
      const checked = await checkRequest(operation, { data, json }, checkIfMatch(ifMatch, operation));
      const created = await ids.create({ shard, owner: caller.owner, ...operation });
      const record = await recordOf(checked, created, caller, traceparent);
      const claim = await claims?.createClaim(index, checked);
      return { index, checked, created, key: created, record, claim, refusal: undefined };
    };

    // The first was counted before the body was read.
    const burst = await limit?.beginMore(items.length - 1);
    const prepared = await Promise.all(
      items.map(async (item, index) => {
        try {
          if (burst?.refusal !== undefined && index > burst.allowed) throw burst.refusal;
          return await prepare(item, index);
        } catch (error) {
          refuse(index, error);
          return undefined;
        }
      }),
    );
    const attempts = prepared.filter((attempt) => attempt !== undefined);
    const refusals = await limit?.countAll(attempts.map(({ created }) => created));
    let due = attempts.map((attempt, position): Attempt => ({ ...attempt, refusal: refusals?.[position] }));
    // What came before was counted then.
    for (const { index, refusal, claim } of due) if (refusal !== undefined && claim === undefined) refuse(index, refusal);
    due = due.filter(({ refusal, claim }) => refusal === undefined || claim !== undefined);

    const settle = (attempt: Attempt, result: Exclude<PublishResult, { outcome: "claimed" }>): void => {
      const { index, created, refusal } = attempt;
      if (refusal !== undefined && result.first === undefined && attempt.key === created) return refuse(index, refusal);
      const key = result.first ?? attempt.key;
      if (key !== created || !MAY_BE_SENT.has(result.outcome)) limit?.takeBackOf(created);
      if (result.outcome !== "stored") return refuse(index, unproducedError(key, result));
      const head = {
        status: 202,
        location: statusPath(key.text),
        retryAfterSeconds: statuses.retryAfterSeconds,
        ...(result.first !== undefined && { idempotentReplayed: true }),
      };
      results[index] = `${JSON.stringify(head).slice(0, -1)},${statusText(key, result.status).slice(1)}`;
    };

    while (due.length > 0) {
      const published = await publisher.publishAll(
        due.map(({ key, record, claim, refusal, created, checked }) => ({
          key,
          record,
          webhook: webhookFor?.(checked.operation.name),
          claim: claim && refusal !== undefined && key === created ? { ...claim, mustBeKnown: true } : claim,
        })),
      );
      const again: Attempt[] = [];
      for (const [position, attempt] of due.entries()) {
        const result = published[position] as PublishResult;
        if (result.outcome !== "claimed") settle(attempt, result);
        else {
          const { first } = result;
          again.push({ ...attempt, key: first, record: await recordOf(attempt.checked, first, caller, traceparent) });
        }
      }
      due = again;
    }
    return jsonResponse(200, `{"results":[${results.join(",")}]}`);
  };

  return async (context: Context): Promise<Response> => {
    const caller = await authorize(context, ANY_REQUEST);
    const limit = limits?.(context, caller);
    await limit?.begin();
    const response = await accept(context, caller, limit);
    return limit === undefined ? response : limit.describe(response);
  };
};

const TOO_DEEP = `Expected the data to be JSON: it has more than ${MAX_JSON_DEPTH} levels of objects and arrays`;
