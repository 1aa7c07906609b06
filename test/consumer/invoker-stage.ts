import * as z from "zod";
import { createCancellations } from "../../consumer/cancellations.ts";
import { type AttemptResult, createHandlerInvoker } from "../../consumer/handler-invoker.ts";
import type { AnyHandlers, Handlers } from "../../consumer/handler.ts";
import type { OnceStore } from "../../consumer/once/store.ts";
import { createReplies } from "../../consumer/replies.ts";
import { type Contract, defineContract } from "../../contract/contract.ts";
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
export const createInvokerStage = (handler: Greet, onceStore?: OnceStore) =>
  createStage({ contract, handlers: { greet: handler }, operation: "greet", onceStore });

/** An operation that says how far it is and gives its result in pieces, and that may be retried. */
const tell = operation({
  request: z.strictObject({}),
  reply: z.string(),
  progress: z.strictObject({ percent: z.number().max(100), note: z.string().optional() }),
  chunk: z.string(),
  errors: { NO_PAPER: { status: 507, retryable: true, data: z.strictObject({ tray: z.int() }) }, TOLD: { status: 409 } },
});
export const tellContract = defineContract({ tell });
export type Tell = Handlers<typeof tellContract>["tell"];

/** The same with a handler of that operation. */
export const createTellStage = (handler: Tell) => createStage({ contract: tellContract, handlers: { tell: handler }, operation: "tell" });

/** A handler of that operation that runs until it is told to end, and its context. */
export const runTell = async (attempt = 1) => {
  const end = Promise.withResolvers<string>();
  const given = Promise.withResolvers<Parameters<Tell>[1]>();
  const stage = createTellStage((_, context) => {
    given.resolve(context);
    return end.promise;
  });
  const running = stage.invoke({}, attempt);
  return { ...stage, running, context: await given.promise, end: end.resolve };
};

type StageOptions = {
  readonly contract: Contract;
  readonly handlers: AnyHandlers;
  readonly operation: string;
  readonly onceStore?: OnceStore | undefined;
};

const createStage = ({ contract, handlers, operation, onceStore }: StageOptions) => {
  const time = createManualTime(Date.now());
  const log = createRecordedLog();
  const stop = new AbortController();
  const processing: Reply[] = [];
  /** Holds back what is said while a handler runs, until it resolves. */
  let arrival: Promise<boolean> = Promise.resolve(true);
  const replies = createReplies({ source: "/consumer/test", time });
  const cancellations = createCancellations();
  const invoke = createHandlerInvoker({
    contract,
    handlers,
    onceStore,
    replies,
    log,
    deliver(news) {
      processing.push(news);
      return arrival;
    },
    cancellations,
    stop: stop.signal,
    time,
  });
  const request = newRequest({ operation, data: {}, deadline: time.now() + 5_000 });
  return {
    time,
    log,
    stop,
    replies,
    processing,
    request,
    cancel: () => cancellations.add([request.correlationId]),
    holdBack: () => {
      const held = Promise.withResolvers<boolean>();
      arrival = held.promise;
      return () => {
        arrival = Promise.resolve(true);
        held.resolve(true);
      };
    },
    invoke: (overrides = {}, attempt = 1) => invoke({ ...request, ...overrides }, attempt),
  };
};

/** The answer that an attempt ended in; undefined if it ended in none. */
export const answerOf = (result: AttemptResult | undefined) => (result?.kind === "reply" ? result : undefined);
