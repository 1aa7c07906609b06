import * as z from "zod";
import { createCancellations } from "../../consumer/cancellations.ts";
import { type AttemptResult, createHandlerInvoker } from "../../consumer/handler-invoker.ts";
import type { Handlers } from "../../consumer/handler.ts";
import { createReplies } from "../../consumer/replies.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import type { Reply } from "../../protocol/reply-event.ts";
import { dataSchemaOf } from "../../protocol/request-event.ts";
import { createRecordedLog } from "./log.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { newRequest } from "./requests.ts";

/** An operation with a default, a reply that may be left out and an error with data. */
export const greet = operation({
  request: z.strictObject({ name: z.string().default("nobody") }),
  reply: z.strictObject({ greeting: z.string() }).optional(),
  errors: {
    NAME_TAKEN: {
      status: 409,
      data: z.strictObject({
        since: z.coerce
          .date()
          .transform((date) => date.getFullYear())
          .pipe(z.int()),
      }),
    },
  },
});
const contract = defineContract({ greet });
/** What a Worker of this contract writes. */
export const ownSchema = dataSchemaOf("greet", contract.greet.description.fingerprint);
type Greet = Handlers<typeof contract>["greet"];

/** An invoker with this handler, and a request with five seconds left. */
export const createInvokerStage = (handler: Greet) => {
  const time = createManualTime(Date.now());
  const log = createRecordedLog();
  const stop = new AbortController();
  const processing: Reply[] = [];
  const replies = createReplies({ source: "/consumer/test", time });
  const deliver = async (reply: Reply): Promise<boolean> => (processing.push(reply), true);
  const cancellations = createCancellations();
  const invoke = createHandlerInvoker({
    contract,
    handlers: { greet: handler },
    replies,
    log,
    deliver,
    cancellations,
    stop: stop.signal,
    time,
  });
  const request = newRequest({ operation: "greet", data: {}, deadline: time.now() + 5_000 });
  return { time, log, stop, replies, processing, request, invoke: (overrides = {}) => invoke({ ...request, ...overrides }, 1) };
};

/** The answer that an attempt ended in; undefined if it ended in none. */
export const answerOf = (result: AttemptResult | undefined) => (result?.kind === "reply" ? result : undefined);
