import { ERRORS } from "../protocol/errors.ts";
import type { ConsumerRecord } from "../protocol/kafka-record.ts";
import { createProblem, type Problem, problemOf } from "../protocol/problem.ts";
import type { WaitingRecord } from "../protocol/retry-record.ts";
import { deadLetterTopicOf } from "../protocol/topics.ts";
import { traceIdOf } from "../protocol/traceparent.ts";
import type { Cancellations } from "./cancellations.ts";
import type { DeadLetterPublisher } from "./dead-letter-publisher.ts";
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
  const { read, executor, attempts, pauses, cancellations, replies, router, publishDeadLetter, observer } = parts;

  /** Those whose turn has not come. */
  const queued = new Set<Task>();

  /** Whoever cancels a request that is queued is told at once. When its turn comes, nothing runs. */
  const cancelQueued = (task: Task): void => {
    if (!task.isStarted) task.cancelled ??= router.deliver(replies.cancelled(task.request));
  };
  cancellations.watchAll((correlationId) => {
    for (const task of queued) if (task.request.correlationId === correlationId) cancelQueued(task);
  });

  const handleInTurn = (task: Task, firstAttempt: number): Promise<Settlement> => {
    const { correlationId, returnTo } = task.request;
    const settled = executor.run(task.order, (turn) => attempts(task, firstAttempt, turn));
    // Requesters on Kafka cannot cancel.
    if (task.isStarted || returnTo !== undefined) return settled;
    queued.add(task);
    if (cancellations.has(correlationId)) cancelQueued(task);
    return settled;
  };

  const handleWhenDue = async (task: Task, { attempt, dueAt }: WaitingRecord): Promise<Settlement> => {
    const until = Math.min(dueAt, task.request.deadline);
    const end = await pauses.wait(task.taken, until, { watch: watchOf(cancellations, task.request) });
    if (end !== "over") return end === "cancelled" ? CANCELLED : LEFT;
    return handleInTurn(task, attempt);
  };

  /** Dead letter before reply before commit: whatever the caller has been told, the record is where an operator finds it. */
  const giveUp = async (record: ConsumerRecord, to: Addressee, { problem, cause, attempts: count }: GivenUp): Promise<boolean> => {
    const { correlationId, operation } = to;
    const reason = { correlationId, operation, code: problem.code, attempts: count, ...exceptionOf(cause, problem) };
    const outcome = await publishDeadLetter(record, reason, traceIdOf(to.traceparent));
    if (outcome === "stopped") return false;
    const deadLetter = outcome === "stored" ? { deadLetter: deadLetterTopicOf(record.topic) } : {};
    if (count === 0) return router.deliver(replies.failed(to, { ...problem, ...deadLetter }));
    return router.deliver(replies.failed({ ...to, attempt: count }, { ...problem, attempts: count, ...deadLetter }));
  };

  const settle = (task: Task, settlement: Settlement): Promise<boolean> | boolean => {
    const { record, request } = task;
    const { operation, returnTo } = request;
    queued.delete(task);
    // Counted as a retry already.
    if (settlement.kind === "moved") return true;
    observer.handled(operation, outcomeOf(settlement));
    if (settlement.kind === "left") return false;
    cancellations.forget(request.correlationId);
    if (settlement.kind === "cancelled") return task.cancelled ?? router.deliver(replies.cancelled(request));
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
      return outcome !== "stopped";
    }
    if (reading.kind === "refused") {
      observer.handled(reading.to.operation, "dead-lettered");
      return giveUp(record, reading.to, { problem: problemOf(reading.error), cause: reading.error, attempts: 0 });
    }
    const task: Task = { taken, record, request: reading.request, order: orderOf(record), isStarted: false, cancelled: undefined };
    const settlement = await (waiting === undefined ? handleInTurn(task, 1) : handleWhenDue(task, waiting));
    return settle(task, task.request.isOneWay === true ? forOperators(settlement) : settlement);
  };
};

type GivenUp = { readonly problem: Problem; readonly cause: unknown; readonly attempts: number };

const UNREADABLE = { code: "INVALID_RECORD", attempts: 0 } as const;

/** Where nobody waits for a reply, only the dead letters can tell why there is none. An error of the contract is an answer, and nobody's to mend. */
const forOperators = (settlement: Settlement): Settlement => {
  if (settlement.kind !== "reply") return settlement;
  const { data, attempt = 1 } = settlement.reply;
  const outcome = outcomeOfReply(settlement.reply);
  if (outcome === "replied" || outcome === "cancelled") return settlement;
  const problem = outcome === "expired" ? createProblem("DEADLINE_EXCEEDED") : (data as Problem);
  return { kind: "given-up", problem, cause: undefined, attempts: attempt };
};

const outcomeOf = (settlement: Exclude<Settlement, { kind: "moved" }>): RequestOutcome => {
  if (settlement.kind === "reply") return outcomeOfReply(settlement.reply);
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
