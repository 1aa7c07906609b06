import { type Contract, findOperation } from "../../contract/contract.ts";
import { isProblem } from "../../protocol/problem.ts";
import type { Tracing } from "../../protocol/tracing.ts";
import type { AttemptResult, HandlerInvoker } from "../handler-invoker.ts";

/** What begins spans, and the consumer as they name it. */
export type ConsumerTracing = { readonly tracing: Tracing; readonly group: string; readonly instance: string };

/**
 * Has each attempt at a request told in a span, which ends when the handler has really ended. The handler runs within it, and the reply carries the
 * trace on from there. Without tracing it is the same as before.
 */
export const traceInvoker = (traced: ConsumerTracing | undefined, contract: Contract, invoke: HandlerInvoker): HandlerInvoker => {
  if (traced === undefined) return invoke;
  const { tracing, group, instance } = traced;
  return (request, attempt, record) => {
    const { topic } = findOperation(contract, request.operation) ?? {};
    const span = tracing.start("consumer", topic === undefined ? "process" : `process ${topic}`, request.traceparent, {
      "messaging.system": "kafka",
      "messaging.operation.type": "process",
      "messaging.operation.name": "process",
      "messaging.destination.name": topic,
      "messaging.consumer.group.name": group,
      "messaging.client.id": instance,
      "messaging.message.conversation_id": request.correlationId,
      "rejoinder.operation": request.operation,
      "rejoinder.attempt": attempt,
    });
    const { traceparent } = span;
    const task = span.run(() => invoke(traceparent === undefined ? request : { ...request, traceparent }, attempt, record));
    void Promise.allSettled([task.result, task.ended]).then(([result]) =>
      span.end(result.status === "fulfilled" ? errorTypeOf(result.value) : "rejected"),
    );
    return task;
  };
};

/** The code of what the caller is told, if it is no reply. */
const errorTypeOf = (result: AttemptResult | undefined): string | undefined => {
  if (result === undefined) return "stopped";
  if (result.kind === "failed") return result.problem.code;
  const { state, data } = result.reply;
  if (state === "succeeded") return undefined;
  return isProblem(data) ? data.code : state;
};
