import { type CloudEvent, readCloudEvent } from "./cloudevent.ts";
import { isCorrelationIdShape } from "./correlation-id.ts";
import { RejoinderError } from "./errors.ts";
import { parsePosition } from "./position.ts";
import { isProblem, type Problem } from "./problem.ts";
import { type ReplyState, STATES } from "./states.ts";

/** A reply, or news of one, on its way to the Worker. */
export type Reply = {
  /** The event's own id: the same for each attempt to deliver it. */
  readonly id: string;
  readonly correlationId: string;
  readonly operation: string;
  readonly state: ReplyState;
  readonly source: string;
  /** When the reply was made, milliseconds since 1970. */
  readonly time: number;
  /** The HTTP status that a waiting caller gets for `succeeded`; 200 if absent. */
  readonly httpStatus?: number | undefined;
  /** Which attempt at handling this was, from 1. */
  readonly attempt?: number | undefined;
  /** There if a command has a commit: where that is, see `protocol/position.ts`. */
  readonly position?: string | undefined;
  /** There if a command has a commit: how many commits with events its aggregate has then. */
  readonly aggregateVersion?: number | undefined;
  /** W3C Trace Context, as the request carried it (CloudEvents distributed tracing extension). */
  readonly traceparent?: string | undefined;
  /**
   * `succeeded`: the reply. `failed`: problem details; also in `cancelled` and `expired`, if there is more to say. `processing`:
   * {@link ProcessingNews}, or an array of chunks if there is `emitted`.
   */
  readonly data?: unknown;
  /** There if `data` is an array of chunks; the state is `processing`. */
  readonly emitted?: Emitted | undefined;
};

/** What is new while a request is handled. What is absent stays as it was. */
export type ProcessingNews = {
  /** As the operation's `progress` schema has it. */
  readonly progress?: unknown;
  /** Why the attempt before this one failed. */
  readonly lastError?: Problem;
  /** RFC 3339: when the next attempt begins. Absent: one is at work. */
  readonly nextAttemptAt?: string;
};

/** Where chunks belong. */
export type Emitted = {
  /**
   * One run of the handler. Each run begins its chunks anew: chunk 0 of another run replaces all chunks of the one before, and from then on
   * those of the one before are dropped.
   */
  readonly execution: string;
  /** The index of the first of them, from 0. */
  readonly first: number;
};

export const REPLY_BATCH_CONTENT_TYPE = "application/cloudevents-batch+json";

/**
 * The header of `POST /replies` that names the operations which its sender handles, with commas between them. A consumer that cannot open
 * links sends it at least once a minute, with an empty batch if there are no replies, so that the Worker knows of it.
 */
export const OPERATIONS_HEADER = "Rejoinder-Operations";

/** What became of one reply. The consumer sends only `retry` again. `refused`: it is more than a mailbox keeps of a request. */
export const OUTCOMES = ["stored", "duplicate", "late", "unknown", "refused", "retry"] as const;
export type Outcome = (typeof OUTCOMES)[number];
/** One entry of the response to `POST /replies`; `id` is the reply event's. */
export type DeliveryResult = { readonly id: string; readonly correlationId: string; readonly outcome: Outcome };

/** The CloudEvent of a reply: type `<operation>.<state>`, caused by the request whose id is the correlation ID. */
export const createReplyEvent = (reply: Reply): CloudEvent => ({
  specversion: "1.0",
  id: reply.id,
  source: reply.source,
  type: `${reply.operation}.${reply.emitted === undefined ? reply.state : EMITTED}`,
  time: new Date(reply.time).toISOString(),
  ...(reply.data === undefined ? {} : { datacontenttype: reply.state === "failed" ? "application/problem+json" : "application/json" }),
  correlationid: reply.correlationId,
  causationid: reply.correlationId,
  ...(reply.httpStatus === undefined ? {} : { httpstatus: reply.httpStatus }),
  ...(reply.attempt === undefined ? {} : { attempt: reply.attempt }),
  ...(reply.position === undefined ? {} : { position: reply.position }),
  ...(reply.aggregateVersion === undefined ? {} : { aggregateversion: reply.aggregateVersion }),
  ...(reply.traceparent === undefined ? {} : { traceparent: reply.traceparent }),
  ...(reply.emitted === undefined ? {} : { execution: reply.emitted.execution, sequence: String(reply.emitted.first) }),
  ...(reply.data === undefined ? {} : { data: reply.data }),
});

/** What the type of an event with chunks ends in. Its attribute `sequence` is CloudEvents' documented extension: the index of the first, in digits. */
const EMITTED = "emitted";

/**
 * Reads one element of a reply batch.
 * @throws RejoinderError `INVALID_BATCH`, naming the attribute that is missing or wrong.
 */
export const readReplyEvent = (value: unknown): Reply => {
  const event = asEvent(value);
  const { correlationid, httpstatus, attempt, position, aggregateversion, traceparent } = event;
  if (typeof correlationid !== "string" || !isCorrelationIdShape(correlationid))
    throw invalid("correlationid", "63 characters of base64url");
  const dot = event.type.lastIndexOf(".");
  const ending = event.type.slice(dot + 1);
  const state = ending === EMITTED ? "processing" : ending;
  if (dot < 1 || !isReplyState(state))
    throw invalid("type", `<operation>.<state>, with one of ${REPLY_STATES.join(", ")}, or <operation>.${EMITTED}`);
  if (httpstatus !== undefined && !isWithin(httpstatus, 200, 299)) throw invalid("httpstatus", "an integer from 200 to 299");
  if (attempt !== undefined && !isWithin(attempt, 1, 1_000_000)) throw invalid("attempt", "an integer from 1");
  if (position !== undefined && (typeof position !== "string" || parsePosition(position) === undefined))
    throw invalid("position", "<aggregate>.<partition>.<offset>.<generation>");
  if (aggregateversion !== undefined && !isWithin(aggregateversion, 0, Number.MAX_SAFE_INTEGER))
    throw invalid("aggregateversion", "an integer from 0");
  if (traceparent !== undefined && typeof traceparent !== "string") throw invalid("traceparent", "a string");
  if (state === "failed" && !isProblem(event.data)) throw invalid("data", "problem details with type, title, status (400 to 599) and code");
  if (state === "succeeded" && event.data === undefined) throw invalid("data", "the reply, as JSON");
  if (ending === "processing" && event.data !== undefined && !isProcessingNews(event.data))
    throw invalid("data", "an object, in which lastError is problem details and nextAttemptAt an RFC 3339 time");
  const emitted = ending === EMITTED ? readEmitted(event) : undefined;
  const time = event.time === undefined ? Number.NaN : Date.parse(event.time);
  if (Number.isNaN(time)) throw invalid("time", "an RFC 3339 time");
  return {
    id: event.id,
    correlationId: correlationid,
    operation: event.type.slice(0, dot),
    state,
    source: event.source,
    time,
    httpStatus: httpstatus,
    attempt,
    ...(position === undefined ? {} : { position }),
    ...(aggregateversion === undefined ? {} : { aggregateVersion: aggregateversion }),
    traceparent,
    data: event.data,
    ...(emitted === undefined ? {} : { emitted }),
  };
};

const readEmitted = ({ execution, sequence, data }: CloudEvent): Emitted => {
  if (typeof execution !== "string" || !/^[\w-]{1,64}$/.test(execution)) throw invalid("execution", "1 to 64 letters, digits, _ or -");
  if (typeof sequence !== "string" || !/^(?:0|[1-9]\d{0,5})$/.test(sequence))
    throw invalid("sequence", "the index of the first chunk, in digits");
  if (!Array.isArray(data) || data.length === 0) throw invalid("data", "an array of chunks");
  return { execution, first: Number(sequence) };
};

const isProcessingNews = (data: unknown): data is ProcessingNews => {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return false;
  const { lastError, nextAttemptAt } = data as Record<string, unknown>;
  const isTime = typeof nextAttemptAt === "string" && !Number.isNaN(Date.parse(nextAttemptAt));
  return (lastError === undefined || isProblem(lastError)) && (nextAttemptAt === undefined || isTime);
};

const asEvent = (value: unknown): CloudEvent => {
  try {
    return readCloudEvent(value);
  } catch (error) {
    throw new RejoinderError("INVALID_BATCH", { detail: (error as RejoinderError).detail, cause: error });
  }
};

const REPLY_STATES: readonly ReplyState[] = STATES.filter((state) => state !== "accepted" && state !== "cancelling");

const isReplyState = (text: string): text is ReplyState => (REPLY_STATES as readonly string[]).includes(text);

const isWithin = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

const invalid = (name: string, expected: string): RejoinderError =>
  new RejoinderError("INVALID_BATCH", { detail: `Expected attribute ${name} of a reply to be ${expected}.` });
