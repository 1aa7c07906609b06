import type { Context } from "hono";
import { type Contract, findOperation } from "../contract/contract.ts";
import { isCorrelationIdShape } from "../protocol/correlation-id.ts";
import { isProblem, PROBLEM_CONTENT_TYPE } from "../protocol/problem.ts";
import { traceIdOf } from "../protocol/traceparent.ts";
import type { StartedSpan, Tracing } from "../protocol/tracing.ts";
import type { WorkerConfig } from "./config.ts";
import { OWNER } from "./identity/guard.ts";
import { problemResponse, statusPath } from "./responses.ts";

/** What a log says of a request: nothing of its body, and nothing that a caller chose but a trace. */
export type RequestLine = {
  readonly method: string;
  /** As `/status/:correlationId`. `none`: nothing is at the path. */
  readonly route: string;
  /** Of HTTP. */
  readonly status: number;
  /** Until the response was known, waiting for the reply included. */
  readonly ms: number;
  readonly operation?: string;
  readonly correlationId?: string;
  /** The owner tag of the caller: the same for all calls of one subject, and nobody's name. Absent: nobody knows who called. */
  readonly caller?: string;
  /** Of the problem, if the response is one. */
  readonly code?: string;
  readonly traceId?: string;
};

export type LogRequest = (line: RequestLine) => void;

type Handle = (context: Context) => Response | Promise<Response>;

type RequestObserverOptions = {
  readonly contract: Contract;
  readonly tracing: Tracing | undefined;
  readonly logRequest: LogRequest | undefined;
};

/** Where a route finds the trace that goes on with its request, in place of the caller's. */
export const TRACEPARENT = "traceparent";

const REQUESTS_ROUTE = "/requests/:operation";
/** Where several requests are sent at once. */
export const BATCH_PATH = "/requests:batch";
/** Called every few seconds: by machines that count the answers themselves, and by consumers that ask whether their rows are there. */
const UNLOGGED: ReadonlySet<string> = new Set(["GET /health", "POST /views"]);

/** Whether the Worker logs its requests: as `REQUEST_LOG` says, else only in production. */
export const isRequestLogOn = ({ REQUEST_LOG, ENVIRONMENT }: Pick<WorkerConfig, "REQUEST_LOG" | "ENVIRONMENT">): boolean =>
  REQUEST_LOG === undefined ? ENVIRONMENT === "production" : REQUEST_LOG === "on";

/** Has a handler's requests told in a log and, where they go on to Kafka, in a span. A handler of which nothing is to be told stays as it is. */
export const createRequestObserver = ({ contract, tracing, logRequest }: RequestObserverOptions) => {
  const nameOf = (operation: string | undefined): string | undefined =>
    operation === undefined || findOperation(contract, operation) === undefined ? undefined : operation;

  const startSpan = ({ req }: Context, route: string, operation: string | undefined): StartedSpan | undefined =>
    tracing?.start("server", `${req.method} ${route}`, req.header("traceparent"), {
      "http.request.method": req.method,
      "http.route": route,
      "rejoinder.operation": operation,
    });

  return (method: string, route: string, handle: Handle): Handle => {
    const isTraced = tracing !== undefined && (route === REQUESTS_ROUTE || route === BATCH_PATH);
    const log = UNLOGGED.has(`${method} ${route}`) ? undefined : logRequest;
    if (!isTraced && log === undefined) return handle;

    return async (context) => {
      const { req } = context;
      const begunAt = performance.now();
      const operation = nameOf(req.param("operation"));
      const span = isTraced ? startSpan(context, route, operation) : undefined;
      if (span !== undefined) context.set(TRACEPARENT, span.traceparent);
      const response = await respond(context, handle);
      const { status } = response;
      const correlationId = correlationIdOf(context, response);
      const code = await codeOf(response);
      const caller: string | undefined = context.get(OWNER);
      span?.set({ "http.response.status_code": status, "messaging.message.conversation_id": correlationId });
      span?.end(status >= 500 ? (code ?? String(status)) : undefined);
      const traceId = traceIdOf(span?.traceparent ?? req.header("traceparent"));
      log?.({
        method: req.method,
        route,
        status,
        ms: Math.round(performance.now() - begunAt),
        ...(operation !== undefined && { operation }),
        ...(correlationId !== undefined && { correlationId }),
        ...(caller !== undefined && { caller }),
        ...(code !== undefined && { code }),
        ...(traceId !== undefined && { traceId }),
      });
      return response;
    };
  };
};

const respond = async (context: Context, handle: Handle): Promise<Response> => {
  try {
    return await handle(context);
  } catch (error) {
    return problemResponse(error);
  }
};

const STATUS_PATH = statusPath("");

/** The request that a response is about: the one that was made, or the one that was asked for, unless nobody knows it. */
const correlationIdOf = ({ req }: Context, { status, headers }: Response): string | undefined => {
  const made = (headers.get("location") ?? headers.get("content-location"))?.slice(STATUS_PATH.length);
  const text = made ?? (status === 404 ? undefined : req.param("correlationId"));
  return text !== undefined && isCorrelationIdShape(text) ? text : undefined;
};

const codeOf = async (response: Response): Promise<string | undefined> => {
  if (response.headers.get("content-type") !== PROBLEM_CONTENT_TYPE) return undefined;
  const problem: unknown = await response.clone().json();
  return isProblem(problem) ? problem.code : undefined;
};
