import type { z } from "zod";
import { checkResponder, type Responder } from "./responder.ts";
import { isTopic, TOPIC_RULE } from "./topic.ts";

/** The topic of every operation that does not name its own. */
export const DEFAULT_TOPIC = "requests";

/** How much longer than the deadline a status must at least stay readable, so that its end can be seen. */
export const MIN_RETENTION_AFTER_DEADLINE_SECONDS = 120;

const NAME = /^[a-z][a-z0-9-]{0,63}$/;
/** The correlation ID stores both durations in three bytes. */
const MAX_SECONDS = 2 ** 24 - 1;

/** What a user writes to add an operation; see {@link defineOperation}. */
export type OperationDefinition<
  Name extends string,
  Request extends z.ZodType,
  Reply extends z.ZodType,
  R extends Responder | undefined = Responder | undefined,
> = {
  /** Lower-case letters, digits and hyphens; the last path segment of `POST /requests/:operation`. */
  readonly name: Name;
  readonly request: Request;
  readonly reply: Reply;
  /** Past this many seconds after acceptance a handler is not started, and a running one is aborted. */
  readonly deadlineSeconds: number;
  /** How many seconds after acceptance the status can be read; at least the deadline plus 120. */
  readonly retentionSeconds: number;
  /** Requests with the same ordering key are handled one after another. Without one, all may run at once. */
  orderingKey?(request: z.output<Request>): string;
  /** The Kafka topic; `requests` if not named. */
  readonly topic?: string;
  /** Who answers instead of a handler of ours; its `requestTopic` is then the topic. */
  readonly responder?: R;
};

/** One operation of the contract, checked and complete. */
export type Operation<
  Name extends string = string,
  Request extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
  R extends Responder | undefined = Responder | undefined,
> = OperationDefinition<Name, Request, Reply, R> & { readonly topic: string; readonly responder: R };

/** What a caller may send, before the schema's defaults and transforms. */
export type RequestInput<O extends Operation> = z.input<O["request"]>;
/** What a handler receives. */
export type RequestOf<O extends Operation> = z.output<O["request"]>;
/** What a handler returns. */
export type ReplyInput<O extends Operation> = z.input<O["reply"]>;
/** What a caller gets back. */
export type ReplyOf<O extends Operation> = z.output<O["reply"]>;

/**
 * Defines one operation: its name, the schemas of request and reply, and its times.
 * The types of the schemas flow to the Worker, the handler, the client and the page.
 * @throws TypeError naming the field that is wrong and what it must be.
 */
export const defineOperation = <
  const Name extends string,
  Request extends z.ZodType,
  Reply extends z.ZodType,
  const R extends Responder | undefined = undefined,
>(
  definition: OperationDefinition<Name, Request, Reply, R>,
): Operation<Name, Request, Reply, R> => {
  const { name, deadlineSeconds, retentionSeconds, responder } = definition;
  const topic = definition.topic ?? responder?.requestTopic ?? DEFAULT_TOPIC;
  const expect = (holds: boolean, field: string, toBe: string, got: unknown): void => {
    if (!holds) throw new TypeError(`Expected ${field} of operation ${JSON.stringify(name)} to be ${toBe}, got ${JSON.stringify(got)}`);
  };
  expect(NAME.test(name), "name", "1 to 64 lower-case letters, digits or hyphens, starting with a letter", name);
  if (responder !== undefined) checkResponder(responder, topic, expect);
  expect(isTopic(topic), "topic", TOPIC_RULE, topic);
  const isSeconds = (value: number) => Number.isInteger(value) && value > 0 && value <= MAX_SECONDS;
  expect(isSeconds(deadlineSeconds), "deadlineSeconds", `a whole number from 1 to ${MAX_SECONDS}`, deadlineSeconds);
  const least = deadlineSeconds + MIN_RETENTION_AFTER_DEADLINE_SECONDS;
  const isRetention = isSeconds(retentionSeconds) && retentionSeconds >= least;
  expect(isRetention, "retentionSeconds", `a whole number from ${least} (deadlineSeconds + 120) to ${MAX_SECONDS}`, retentionSeconds);
  return Object.freeze({ ...definition, topic, responder: responder as R });
};
