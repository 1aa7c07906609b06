import type { CloudEvent } from "./cloudevent.ts";
import { isCorrelationIdShape } from "./correlation-id.ts";
import { RejoinderError } from "./errors.ts";

/** A request on its way to a handler. */
export type RequestEvent = {
  readonly correlationId: string;
  readonly operation: string;
  /** Who sent it: a configured URI, never the Host header. */
  readonly source: string;
  /** When it was accepted, milliseconds since 1970. */
  readonly acceptedAt: number;
  /** The deadline, milliseconds since 1970. */
  readonly deadline: number;
  readonly data: unknown;
  /** The version of the operation that the Worker checked the data against: {@link dataSchemaOf}. Absent where a responder answers. */
  readonly dataschema?: string | undefined;
  /** W3C Trace Context. */
  readonly traceparent?: string | undefined;
  /** CloudEvents Auth Context extension. */
  readonly authtype?: string | undefined;
  /** The subject of the caller's credentials. */
  readonly authid?: string | undefined;
  /** JSON of what the credentials allow, and say: see `protocol/caller.ts`. */
  readonly authclaims?: string | undefined;
  /** Base64 of the signatures of the three, separated by spaces. */
  readonly authsignature?: string | undefined;
  readonly orderingKey?: string | undefined;
  /** The request in whose place this one was sent, or the commit that it follows from. */
  readonly causationId?: string | undefined;
  /** A command is decided only if its aggregate has so many commits with events (RFC 9110 §13.1.1, If-Match). */
  readonly expectedVersion?: number | undefined;
  /** Nobody waits for a reply, and none is sent. */
  readonly isOneWay?: boolean | undefined;
};

/**
 * A URI that names the version of an operation: two of them differ when its schemas or errors do (CloudEvents 1.0.2 §3.1.2, dataschema).
 * It is `rejoinder:<operation>/<fingerprint>`.
 */
export const dataSchemaOf = (operation: string, fingerprint: string): string => `rejoinder:${operation}/${fingerprint}`;

/** The CloudEvent of a request; the attributes are those of CloudEvents' documented extensions. */
export const createRequestEvent = (request: RequestEvent): CloudEvent => ({
  specversion: "1.0",
  id: request.correlationId,
  source: request.source,
  type: request.operation,
  time: new Date(request.acceptedAt).toISOString(),
  datacontenttype: "application/json",
  ...(request.dataschema === undefined ? {} : { dataschema: request.dataschema }),
  correlationid: request.correlationId,
  expirytime: new Date(request.deadline).toISOString(),
  ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
  ...(request.authtype === undefined ? {} : { authtype: request.authtype }),
  ...(request.authid === undefined ? {} : { authid: request.authid }),
  ...(request.authclaims === undefined ? {} : { authclaims: request.authclaims }),
  ...(request.authsignature === undefined ? {} : { authsignature: request.authsignature }),
  ...(request.orderingKey === undefined ? {} : { partitionkey: request.orderingKey }),
  ...(request.causationId === undefined ? {} : { causationid: request.causationId }),
  ...(request.expectedVersion === undefined ? {} : { expectedversion: String(request.expectedVersion) }),
  ...(request.isOneWay === true ? { oneway: "true" } : {}),
  data: request.data,
});

const OPTIONAL = ["dataschema", "traceparent", "authtype", "authid", "authclaims", "authsignature"] as const;

/**
 * Reads the CloudEvent of a request.
 * @throws RejoinderError `INVALID_RECORD`, naming the attribute that is missing or wrong.
 */
export const readRequestEvent = (event: CloudEvent): RequestEvent => {
  const { correlationid, expirytime, time } = event;
  if (typeof correlationid !== "string" || !isCorrelationIdShape(correlationid))
    throw invalid("correlationid", "63 characters of base64url");
  const deadline = typeof expirytime === "string" ? Date.parse(expirytime) : Number.NaN;
  if (Number.isNaN(deadline)) throw invalid("expirytime", "an RFC 3339 time");
  const acceptedAt = time === undefined ? deadline : Date.parse(time);
  if (Number.isNaN(acceptedAt)) throw invalid("time", "an RFC 3339 time");
  for (const name of [...OPTIONAL, "partitionkey", "causationid"]) {
    if (event[name] !== undefined && typeof event[name] !== "string") throw invalid(name, "a string");
  }
  const { expectedversion, oneway } = event;
  // Text: in binary mode attributes are headers.
  if (expectedversion !== undefined && !/^\d{1,15}$/.test(String(expectedversion)))
    throw invalid("expectedversion", "an integer in digits");
  const optional = Object.fromEntries(OPTIONAL.map((name) => [name, event[name] as string | undefined]));
  return {
    correlationId: correlationid,
    operation: event.type,
    source: event.source,
    acceptedAt,
    deadline,
    data: event.data,
    ...optional,
    orderingKey: event["partitionkey"] as string | undefined,
    causationId: event["causationid"] as string | undefined,
    ...(expectedversion === undefined ? {} : { expectedVersion: Number(expectedversion) }),
    ...(String(oneway) === "true" ? { isOneWay: true } : {}),
  };
};

const invalid = (name: string, expected: string): RejoinderError =>
  new RejoinderError("INVALID_RECORD", { detail: `Expected attribute ${name} of a request to be ${expected}.` });
