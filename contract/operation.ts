import { DefinitionError } from "./definition-error.ts";
import { MAX_DURATION_SECONDS } from "../protocol/limits.ts";
import { isTopic, REQUEST_TOPIC, TOPIC_RULE } from "../protocol/topics.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { checkResponder, type Expect, type Responder } from "./responder.ts";
import { completeRetry, type RetryDefinition, type RetryPolicy } from "./retry-policy.ts";
import { type InputOf, type JsonSchema, jsonSchemaOf, type OutputOf, type Schema } from "./schema.ts";

const DEFAULT_DEADLINE_SECONDS = 30;
/** How much longer than the deadline a status can be read unless the operation says otherwise. */
const DEFAULT_RETENTION_AFTER_DEADLINE_SECONDS = 3_600;
/** How much longer than the deadline a status must at least stay readable, so that its end can be seen. */
const MIN_RETENTION_AFTER_DEADLINE_SECONDS = 120;

/** The last segment of `POST /requests/:operation`, and the type of the request event; the name of a command has two of them. */
export const NAME = /^[a-z][a-z0-9-]{0,63}$/;
export const NAME_RULE = "1 to 64 lower-case letters, digits or hyphens, starting with a letter";
const ERROR_CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/** An error that a handler may throw for its caller. */
export type ErrorDefinition = {
  /** The HTTP status for a caller who waited, 400 to 599. */
  readonly status: number;
  /** The schema of what else the caller gets: member `data` of the problem details (RFC 9457). */
  readonly data?: Schema;
  /** Whether to handle the request again before its caller gets this error, as `retry` says; the caller may send it again, too. Default: false. */
  readonly retryable?: boolean;
};
/** Errors by code: 1 to 64 upper-case letters, digits and underscores, starting with a letter. */
export type ErrorDefinitions = { readonly [code: string]: ErrorDefinition };

/** What a user writes to add an operation; see {@link operation}. */
export type OperationDefinition<
  Request extends Schema = Schema,
  Reply extends Schema = Schema,
  Errors extends ErrorDefinitions = ErrorDefinitions,
  R extends Responder | undefined = Responder | undefined,
  Name extends string | undefined = string | undefined,
  Progress extends Schema | undefined = Schema | undefined,
  Chunk extends Schema | undefined = Schema | undefined,
> = {
  /** The name on the wire, if it is not the key in the contract: 1 to 64 lower-case letters, digits and hyphens, starting with a letter. */
  readonly name?: Name;
  /** The schema of what a caller sends. The Worker checks requests by it, and the consumer applies its defaults and transforms. */
  readonly request: Request;
  /** The schema of what the handler returns. The consumer checks replies by it, and the caller gets its output. */
  readonly reply: Reply;
  /** The errors that the handler may throw, by code. */
  readonly errors?: Errors;
  /** The schema of what the handler says about how far it is, by `context.progress`. Absent: it says nothing. */
  readonly progress?: Progress;
  /** The schema of one piece of what the handler gives away before it ends, by `context.emit`. Absent: it gives nothing. */
  readonly chunk?: Chunk;
  /** When a failed request is handled again. Default: what fails as retryable, up to five times, within the deadline. */
  readonly retry?: RetryDefinition;
  /**
   * What to do while no consumer is connected that handles the operation, with callers who merely want to wait: `refuse` them at once, or `accept` as
   * ever. Those who can come back for the reply are accepted anyway. Default: `refuse`.
   */
  readonly withoutConsumer?: "refuse" | "accept";
  /** This many seconds after acceptance no handler starts any more, and a running one is aborted: 1 to 16,777,215. Default: 30. */
  readonly deadlineSeconds?: number;
  /** How many seconds after acceptance the status can be read: from the deadline plus 120 to 16,777,215. Default: the deadline plus an hour. */
  readonly retentionSeconds?: number;
  /** Requests with the same ordering key are handled one after another; it becomes the record's key. Without one, all may run at once. */
  orderingKey?(request: OutputOf<Request>): string;
  /** The Kafka topic of the requests. Default: `requests`. */
  readonly topic?: string;
  /** Who answers instead of a handler of yours; its `requestTopic` is then the topic. */
  readonly responder?: R;
  /** A request that changes nothing. `rejoinder doctor` sends it through the whole path. */
  readonly probe?: InputOf<Request>;
};

/** One operation of a contract, checked and complete: its {@link OperationDefinition} with a name and all defaults. */
export type Operation<
  Name extends string = string,
  Request extends Schema = Schema,
  Reply extends Schema = Schema,
  Errors extends ErrorDefinitions = ErrorDefinitions,
  R extends Responder | undefined = Responder | undefined,
  Progress extends Schema | undefined = Schema | undefined,
  Chunk extends Schema | undefined = Schema | undefined,
> = {
  readonly name: Name;
  readonly request: Request;
  readonly reply: Reply;
  readonly errors: Errors;
  readonly progress: Progress;
  readonly chunk: Chunk;
  readonly retry: RetryPolicy;
  readonly withoutConsumer: "refuse" | "accept";
  readonly deadlineSeconds: number;
  readonly retentionSeconds: number;
  orderingKey?(request: OutputOf<Request>): string;
  readonly topic: string;
  readonly responder: R;
  readonly probe?: unknown;
  /** What `GET /contract` says about it. */
  readonly description: OperationDescription;
};

/** An operation as `GET /contract` describes it. */
export type OperationDescription = {
  /** What a caller sends. */
  readonly request: JsonSchema;
  /** What a caller gets. */
  readonly reply: JsonSchema;
  /** By code, the HTTP status of an error and what comes with it. */
  readonly errors: { readonly [code: string]: { readonly status: number; readonly data?: JsonSchema } };
  /** How far the handler is, if it says so. */
  readonly progress?: JsonSchema;
  /** One piece of what the handler gives away before it ends, if it does. */
  readonly chunk?: JsonSchema;
  /** Seconds from acceptance to the deadline. */
  readonly deadlineSeconds: number;
  /** Seconds from acceptance until the status is gone. */
  readonly retentionSeconds: number;
  /** 16 hexadecimal characters. Changes when a schema or an error changes in more than its words. A consumer that has another fingerprint refuses the request. */
  readonly fingerprint: string;
};

/** What a caller may send, before the schema's defaults and transforms. */
export type RequestInput<O extends Pick<Operation, "request">> = InputOf<O["request"]>;
/** What a handler receives. */
export type RequestOf<O extends Pick<Operation, "request">> = OutputOf<O["request"]>;
/** What a handler returns. */
export type ReplyInput<O extends Pick<Operation, "reply">> = InputOf<O["reply"]>;
/** What a handler says about how far it is. */
export type ProgressInput<O extends Pick<Operation, "progress">> = O["progress"] extends Schema ? InputOf<O["progress"]> : never;
/** What a handler gives away in one piece. */
export type ChunkInput<O extends Pick<Operation, "chunk">> = O["chunk"] extends Schema ? InputOf<O["chunk"]> : never;
/** What a caller gets back. */
export type ReplyOf<O extends Pick<Operation, "reply">> = OutputOf<O["reply"]>;

/**
 * One operation of a contract, named by its key there. It only gives the definition its types, which flow to the Worker, the handler and
 * the client; `defineContract` checks it.
 */
export const operation = <
  Request extends Schema,
  Reply extends Schema,
  const Errors extends ErrorDefinitions = {},
  const R extends Responder | undefined = undefined,
  const Name extends string | undefined = undefined,
  Progress extends Schema | undefined = undefined,
  Chunk extends Schema | undefined = undefined,
>(
  definition: OperationDefinition<Request, Reply, Errors, R, Name, Progress, Chunk>,
): OperationDefinition<NoInfer<Request>, NoInfer<Reply>, NoInfer<Errors>, NoInfer<R>, NoInfer<Name>, NoInfer<Progress>, NoInfer<Chunk>> =>
  definition;

/** Whether an operation is a command of an aggregate: no other name has a dot. */
export const isCommand = ({ name }: Pick<Operation, "name">): boolean => name.includes(".");

/**
 * Checks a definition and fills in its defaults.
 * @param isCommand its name is that of an aggregate and that of its command, both checked
 * @throws DefinitionError naming the field that is wrong and what it must be
 */
export const completeOperation = (key: string, definition: OperationDefinition, isCommand = false): Operation => {
  const { request, reply, errors = {}, responder, orderingKey, probe, progress, chunk, withoutConsumer = "refuse" } = definition;
  const name = definition.name ?? key;
  const expect: Expect = (holds, field, toBe, got) => {
    if (!holds)
      throw new DefinitionError(`Expected ${field} of operation ${JSON.stringify(name)} to be ${toBe}, got ${JSON.stringify(got)}`);
  };
  const isSeconds = (value: number) => Number.isInteger(value) && value > 0 && value <= MAX_DURATION_SECONDS;

  const hint = definition.name === undefined ? "; set name: if you want another key" : "";
  expect(isCommand || NAME.test(name), "name", NAME_RULE + hint, name);
  const topic = definition.topic ?? responder?.requestTopic ?? REQUEST_TOPIC;
  if (responder !== undefined) checkResponder(responder, topic, expect);
  expect(isTopic(topic), "topic", TOPIC_RULE, topic);
  const { deadlineSeconds = DEFAULT_DEADLINE_SECONDS } = definition;
  expect(isSeconds(deadlineSeconds), "deadlineSeconds", `a whole number from 1 to ${MAX_DURATION_SECONDS}`, deadlineSeconds);
  const longest = Math.min(deadlineSeconds + DEFAULT_RETENTION_AFTER_DEADLINE_SECONDS, MAX_DURATION_SECONDS);
  const { retentionSeconds = longest } = definition;
  const least = deadlineSeconds + MIN_RETENTION_AFTER_DEADLINE_SECONDS;
  const isRetention = isSeconds(retentionSeconds) && retentionSeconds >= least;
  expect(
    isRetention,
    "retentionSeconds",
    `a whole number from ${least} (deadlineSeconds + 120) to ${MAX_DURATION_SECONDS}`,
    retentionSeconds,
  );
  for (const [code, { status }] of Object.entries(errors)) {
    expect(ERROR_CODE.test(code), `error code`, "1 to 64 upper-case letters, digits or underscores, starting with a letter", code);
    expect(Number.isInteger(status) && status >= 400 && status <= 599, `errors.${code}.status`, "a whole number from 400 to 599", status);
  }
  const retry = completeRetry(definition.retry, expect);
  expect(["refuse", "accept"].includes(withoutConsumer), "withoutConsumer", '"refuse" or "accept"', withoutConsumer);
  return Object.freeze({
    name,
    request,
    reply,
    errors,
    progress,
    chunk,
    retry,
    withoutConsumer,
    deadlineSeconds,
    retentionSeconds,
    topic,
    responder,
    ...(orderingKey === undefined ? {} : { orderingKey: orderingKey.bind(definition) }),
    ...(probe === undefined ? {} : { probe }),
    description: describe({ name, request, reply, errors, progress, chunk, deadlineSeconds, retentionSeconds }),
  });
};

type Describable = Pick<Operation, "name" | "request" | "reply" | "errors" | "progress" | "chunk" | "deadlineSeconds" | "retentionSeconds">;

const describe = (operation: Describable): OperationDescription => {
  const { name, request, reply, errors, progress, chunk, deadlineSeconds, retentionSeconds } = operation;
  const of = (part: string): string => `${part} of operation ${JSON.stringify(name)}`;
  const schemas = {
    request: jsonSchemaOf(request, "input", of("request")),
    reply: jsonSchemaOf(reply, "output", of("reply")),
    errors: Object.fromEntries(
      Object.entries(errors).map(([code, { status, data }]) => [
        code,
        { status, ...(data === undefined ? {} : { data: jsonSchemaOf(data, "output", of(`data of error ${code}`)) }) },
      ]),
    ),
    ...(progress === undefined ? {} : { progress: jsonSchemaOf(progress, "output", of("progress")) }),
    ...(chunk === undefined ? {} : { chunk: jsonSchemaOf(chunk, "output", of("chunk")) }),
  };
  let fingerprint: string | undefined;
  return {
    ...schemas,
    deadlineSeconds,
    retentionSeconds,
    // Only when it is asked for: a contract may have hundreds of operations, and a Worker starts often.
    get fingerprint() {
      return (fingerprint ??= fingerprintOf(schemas));
    },
  };
};
