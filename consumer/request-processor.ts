import { ERRORS } from "../protocol/errors.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { type Problem, problemOf } from "../protocol/problem.ts";
import type { WaitingRecord } from "../protocol/retry-record.ts";
import type { Cancellations } from "./cancellations.ts";
import { deadLetterTopicOf, type DeadLetterPublisher } from "./dead-letter-publisher.ts";
import type { Delivery } from "./delivery.ts";
import type { KeyedExecutor } from "./keyed-executor.ts";
import type { ConsumerObserver, RequestOutcome } from "./observe/observer.ts";
import type { Reading } from "./reading.ts";
import type { Addressee, OutgoingReply, Replies } from "./replies.ts";
import { type Attempts, CANCELLED, LEFT, type Settlement, type Task, watchOf } from "./retry/attempts.ts";
import type { Pauses } from "./retry/pauses.ts";

type RequestProcessorParts = {
  /** What a record is; never throws. */
  read(record: ConsumerRecord): Reading;
  readonly executor: KeyedExecutor;
  readonly attempts: Attempts;
  readonly pauses: Pauses;
  readonly cancellations: Cancellations;
  readonly replies: Replies;
  readonly router: Delivery;
  readonly publishDeadLetter: DeadLetterPublisher;
  readonly observer: ConsumerObserver;
};

/** As `ProcessRecord`; `waiting` is what the record says if it comes from a retry topic. */
export type RequestProcessor = (taken: ConsumerRecord, waiting?: WaitingRecord) => Promise<boolean>;

/** How a request is processed: read → handled when it is its key's turn → settled. */
export const createRequestProcessor = (parts: RequestProcessorParts): RequestProcessor => {
  const { read, executor, pauses, cancellations, replies, router, publishDeadLetter, observer } = parts;

  const handleInTurn = (task: Task, firstAttempt: number): Promise<Settlement> => {
    const settled = executor.run(orderOf(task.record), (turn) => parts.attempts(task, firstAttempt, turn));
    const watch = task.isStarted ? undefined : watchOf(cancellations, task.request);
    if (watch === undefined) return settled;
    // Whoever cancels a request that has not started is told at once. When its turn comes, nothing runs.
    return new Promise((resolve, reject) => {
      const unwatch = watch(() => {
        if (task.isStarted) return;
        task.isCancelled = true;
        resolve(CANCELLED);
      });
      settled.finally(unwatch).then(resolve, reject);
    });
  };

  const handleWhenDue = async (task: Task, { attempt, dueAt }: WaitingRecord): Promise<Settlement> => {
    const until = Math.min(dueAt, task.request.deadline);
    const end = await pauses.wait(task.taken, until, watchOf(cancellations, task.request));
    if (end !== "over") return end === "cancelled" ? CANCELLED : LEFT;
    return handleInTurn(task, attempt);
  };

  /** Dead letter before reply before commit: whatever the caller has been told, the record is where an operator finds it. */
  const giveUp = async (record: ConsumerRecord, to: Addressee, { problem, cause, attempts: count }: GivenUp): Promise<boolean> => {
    const { correlationId, operation } = to;
    const reason = { correlationId, operation, code: problem.code, attempts: count, ...exceptionOf(cause, problem) };
    const outcome = await publishDeadLetter(record, reason);
    if (outcome === "stopped") return false;
    if (outcome === "stored") observer.deadLettered(record.topic);
    const deadLetter = outcome === "stored" ? { deadLetter: deadLetterTopicOf(record.topic) } : {};
    const attempts = count === 0 ? {} : { attempts: count };
    return router.deliver(replies.failed(count === 0 ? to : { ...to, attempt: count }, { ...problem, ...attempts, ...deadLetter }));
  };

  const settle = ({ record, request }: Task, settlement: Settlement): Promise<boolean> | boolean => {
    const { operation, returnTo } = request;
    observer.handled(operation, outcomeOf(settlement));
    if (settlement.kind === "left") return false;
    if (settlement.kind === "moved") return true;
    if (settlement.kind === "cancelled") return router.deliver(replies.cancelled(request));
    if (settlement.kind === "given-up") return giveUp(record, request, settlement);
    const delivered = router.deliver(settlement.reply);
    // Behind the reply that says that the deadline has passed; the commit does not wait for it. Requesters on Kafka take one reply only.
    if (returnTo === undefined) void settlement.late?.then((reply) => reply && router.deliver(reply));
    return delivered;
  };

  return async (taken, waiting) => {
    const record = waiting?.record ?? taken;
    const reading = read(record);
    if (reading.kind === "dead") {
      const outcome = await publishDeadLetter(record, { ...UNREADABLE, exception: "RejoinderError", message: reading.reason });
      if (outcome === "stored") observer.deadLettered(record.topic);
      return outcome !== "stopped";
    }
    if (reading.kind === "refused")
      return giveUp(record, reading.to, { problem: problemOf(reading.error), cause: reading.error, attempts: 0 });
    const task: Task = { taken, record, request: reading.request, isStarted: false, isCancelled: false };
    return settle(task, await (waiting === undefined ? handleInTurn(task, 1) : handleWhenDue(task, waiting)));
  };
};

type GivenUp = { readonly problem: Problem; readonly cause: unknown; readonly attempts: number };

const UNREADABLE = { code: "INVALID_RECORD", attempts: 0 } as const;

const outcomeOf = (settlement: Settlement): RequestOutcome => {
  if (settlement.kind === "reply") return outcomeOfReply(settlement.reply);
  if (settlement.kind === "moved") return "retried";
  return settlement.kind === "given-up" ? "dead-lettered" : settlement.kind;
};

/** A code of ours says that no handler has answered. */
const outcomeOfReply = ({ state, data }: OutgoingReply): RequestOutcome => {
  if (state === "cancelled" || state === "expired") return state;
  return state === "failed" && Object.hasOwn(ERRORS, (data as Problem).code) ? "failed" : "replied";
};

/** What was thrown, for operators. The stack stays in the log: dead letters are read by more people, and kept for longer. */
const exceptionOf = (cause: unknown, { code, title, detail }: Problem): { exception: string; message: string } =>
  cause instanceof Error ? { exception: cause.name, message: cause.message } : { exception: code, message: detail ?? title };

/** What requests that are handled in order have in common: topic and key. A request without a key waits for no other. */
const orderOf = ({ topic, key }: ConsumerRecord): string | undefined => {
  if (key === null) return undefined;
  return `${topic}/${typeof key === "string" ? key : Buffer.from(key).toString("latin1")}`;
};
