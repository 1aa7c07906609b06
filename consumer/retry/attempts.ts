import { type Contract, findOperation } from "../../contract/contract.ts";
import { systemTime, type Time } from "../../environment/time.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import type { Cancellations } from "../cancellations.ts";
import type { Delivery } from "../delivery.ts";
import type { AttemptResult, HandlerInvoker } from "../handler-invoker.ts";
import type { KeyedExecutor, StartedTask, Turn } from "../keyed-executor.ts";
import type { Offsets } from "../offsets.ts";
import type { IncomingRequest } from "../reading.ts";
import type { Replies } from "../replies.ts";
import { nextAttemptOf } from "./next-attempt.ts";
import type { Pauses } from "./pauses.ts";
import type { MoveToRetryTopic } from "./retry-topic.ts";

type Answer = Extract<AttemptResult, { kind: "reply" }>;
type Failure = Extract<AttemptResult, { kind: "failed" }>;

/** What the attempts at a request have come to. */
export type Settlement =
  | Answer
  /** No attempt follows, and none has had an answer. */
  | (Pick<Failure, "problem" | "cause"> & { readonly kind: "given-up"; readonly attempts: number })
  /** The request waits in a retry topic. */
  | { readonly kind: "moved" }
  /** Somebody has cancelled it while nothing ran. */
  | { readonly kind: "cancelled" }
  /** Whoever consumes the partition next gets the record, too. */
  | { readonly kind: "left" };

/** A request on its way through its attempts. */
export type Task = {
  /** Its record where it is now. */
  readonly taken: ConsumerRecord;
  /** As it was produced first. */
  readonly record: ConsumerRecord;
  readonly request: IncomingRequest;
  /** What it has in common with the requests that wait for it. A request without it waits for no other. */
  readonly order: string | undefined;
  /** Its turn has come. */
  isStarted: boolean;
  /** There if it was cancelled before that: the delivery of the reply that says so. */
  cancelled: Promise<boolean> | undefined;
};

type AttemptsParts = {
  readonly contract: Contract;
  readonly offsets: Pick<Offsets, "holds" | "leave">;
  readonly pauses: Pauses;
  readonly cancellations: Cancellations;
  readonly invokeHandler: HandlerInvoker;
  readonly replies: Replies;
  readonly router: Delivery;
  readonly moveToRetryTopic: MoveToRetryTopic;
  readonly executor: Pick<KeyedExecutor, "waiting">;
  onRetry(operation: string): void;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
};

/** Handles a request until it is settled, in the turns of its key. The first of these attempts has that number. Never rejects. */
export type Attempts = (task: Task, firstAttempt: number, turn: Turn) => Promise<Settlement>;

/** A longer pause leaves the topic, if the operation gives its order up for it: its key would be held up for too long. */
const LONG_PAUSE_MS = 30_000;

export const LEFT = { kind: "left" } as const;
export const CANCELLED = { kind: "cancelled" } as const;
const MOVED = { kind: "moved" } as const;

/** What calls back when somebody cancels the request; undefined for requesters on Kafka, who cannot. */
export const watchOf = ({ watch }: Cancellations, { correlationId, returnTo }: IncomingRequest) =>
  returnTo === undefined ? (onCancel: () => void) => watch(correlationId, onCancel) : undefined;

const notStarted = <T>(result: T): StartedTask<T> => ({ result: Promise.resolve(result), ended: Promise.resolve() });

export const createAttempts = (parts: AttemptsParts): Attempts => {
  const { contract, offsets, pauses, cancellations, invokeHandler, replies, router, moveToRetryTopic, executor, onRetry } = parts;
  const { time = systemTime, random = Math.random } = parts;

  const behind = (order: string | undefined): number => (order === undefined ? 0 : executor.waiting(order));

  const start = (task: Task, attempt: number): StartedTask<AttemptResult | typeof CANCELLED | undefined> => {
    const { taken, record, request } = task;
    task.isStarted = true;
    if (!offsets.holds(taken)) return notStarted(undefined);
    if (task.cancelled !== undefined) return notStarted(CANCELLED);
    // Replies to requests that are in flight must fit into memory too: while replies cannot be delivered, no further handler starts.
    const started = router.room(request).then(() => invokeHandler(request, attempt, record));
    return { result: started.then(({ result }) => result), ended: started.then(({ ended }) => ended) };
  };

  return async (task, firstAttempt, turn) => {
    const { taken, record, request, order } = task;
    for (let attempt = firstAttempt; ; attempt += 1) {
      const current = attempt;
      const result = await turn(() => start(task, current));
      if (result === undefined) return LEFT;
      if (result.kind !== "failed") return result;
      const policy = findOperation(contract, request.operation)?.retry;
      const situation = { attempt, deadline: request.deadline, now: time.now(), random };
      const next = policy && nextAttemptOf(policy, result, situation);
      if (next === undefined) return { kind: "given-up", problem: result.problem, cause: result.cause, attempts: attempt };
      onRetry(request.operation);
      // Requesters on Kafka take one reply only.
      if (request.returnTo === undefined) void router.deliver(replies.retrying(request, next.attempt, result.problem, next.dueAt));
      const isLong = policy?.order === "give-up" && next.dueAt - situation.now > LONG_PAUSE_MS;
      if (isLong && (await moveToRetryTopic(record, next, request))) return MOVED;
      const end = await pauses.wait(taken, next.dueAt, { watch: watchOf(cancellations, request), behind: () => behind(order) });
      if (end === "over") continue;
      if (end === "cancelled") return CANCELLED;
      // Before the key goes on: what follows must not overtake it.
      offsets.leave(taken);
      return LEFT;
    }
  };
};
