import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { MAX_BATCH_BYTES, MAX_ENVELOPE_DEPTH } from "../../protocol/limits.ts";
import { type DeliveryResult, OPERATIONS_HEADER, type Reply, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import type { Tracing } from "../../protocol/tracing.ts";
import { traceIntake } from "../message-tracing.ts";
import { jsonResponse } from "../responses.ts";
import { parseJson, readBody } from "../body.ts";
import type { CorrelationIds } from "../correlation-id.ts";
import type { Consumers } from "../link/consumers.ts";
import { createReplyIntake, readReplies } from "../reply-intake.ts";
import { createSignatureCheck } from "../signature-check.ts";
import type { StatusStore } from "../status-store.ts";

type RepliesOptions = {
  readonly ids: CorrelationIds;
  readonly statuses: StatusStore;
  /** Key bytes, newest first. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  /** The names of the contract's operations. */
  readonly operations: readonly string[];
  /** Absent: the store knows of no consumers. */
  readonly consumers?: Pick<Consumers, "hear"> | undefined;
  readonly tracing?: Tracing | undefined;
  readonly now?: () => number;
};

/** `POST /replies`: the consumer's signed batch of reply events, which may be empty. The signature is checked before anything is parsed. */
export const createRepliesRoute = ({ ids, statuses, secrets, operations, consumers, tracing, now = Date.now }: RepliesOptions) => {
  const refuseSignature = createSignatureCheck({ secrets, now });
  const storeReplies = traceIntake(tracing, createReplyIntake({ ids, write: (replies) => statuses.write(replies), now }));

  /** A consumer that was not heard is heard the next time; its replies matter more. */
  const hear = async (field: string): Promise<void> => {
    const said = new Set(field.split(",").map((name) => name.trim()));
    const handled = operations.filter((name) => said.has(name));
    if (handled.length > 0)
      await consumers
        ?.hear(handled)
        .catch((error: unknown) => console.error("A mailbox could not be told of a consumer without links", error));
  };

  return async (context: Context): Promise<Response> => {
    const body = await readBody(context.req.raw, MAX_BATCH_BYTES);
    const refusal = await refuseSignature(context.req.raw.headers, body);
    if (refusal !== undefined) return refusal;
    const replies = readBatch(context, body);
    const handled = context.req.header(OPERATIONS_HEADER);
    const heard = handled === undefined ? undefined : hear(handled);
    const outcomes = await storeReplies(replies);
    if (heard !== undefined) await heard;
    const results = replies.map(({ id, correlationId }, index): DeliveryResult => ({
      id,
      correlationId,
      outcome: outcomes[index] ?? "retry",
    }));
    return jsonResponse(200, JSON.stringify({ results }));
  };
};

const readBatch = (context: Context, body: Uint8Array): Reply[] => {
  const contentType = context.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (contentType !== REPLY_BATCH_CONTENT_TYPE) {
    throw new RejoinderError("UNSUPPORTED_MEDIA_TYPE", { detail: `Expected the header Content-Type: ${REPLY_BATCH_CONTENT_TYPE}.` });
  }
  return readReplies(parseJson(body, MAX_ENVELOPE_DEPTH));
};
