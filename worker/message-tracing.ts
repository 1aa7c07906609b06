import { readAttribute, withAttribute, type ProducerRecord } from "../protocol/kafka-record.ts";
import type { Outcome, Reply } from "../protocol/reply-event.ts";
import { isTerminal } from "../protocol/states.ts";
import type { Tracing } from "../protocol/tracing.ts";
import type { ProduceBatches } from "./mailbox/produce-batches.ts";

type Produce = ProduceBatches["produce"];

/** Has each record that is produced told in a span, which is the parent of what its consumer does. Without tracing it is the same as before. */
export const traceProduce = (tracing: Tracing | undefined, produce: Produce): Produce => {
  if (tracing === undefined) return produce;
  return async (record, deadline) => {
    const span = tracing.start("producer", `send ${record.topic}`, readAttribute(record, "traceparent"), {
      "messaging.system": "kafka",
      "messaging.operation.type": "send",
      "messaging.operation.name": "send",
      "messaging.destination.name": record.topic,
      "messaging.message.conversation_id": readAttribute(record, "correlationid"),
    });
    const result = await produce(withTraceparent(record, span.traceparent), deadline);
    if (result.outcome === "stored")
      span.set({
        "messaging.destination.partition.id": result.metadata && String(result.metadata.partition),
        "kafka.offset": result.metadata?.offset,
      });
    span.end(result.outcome === "stored" ? undefined : result.outcome);
    return result;
  };
};

const withTraceparent = (record: ProducerRecord, traceparent: string | undefined): ProducerRecord =>
  traceparent === undefined ? record : withAttribute(record, "traceparent", traceparent);

type Intake = (replies: readonly Reply[]) => Promise<Outcome[]>;

/** Has the end of each request told in a span: that its reply was stored, or what else became of it. Without tracing it is the same as before. */
export const traceIntake = (tracing: Tracing | undefined, intake: Intake): Intake => {
  if (tracing === undefined) return intake;
  return async (replies) => {
    const spans = replies.map(({ state, operation, correlationId, traceparent }) =>
      isTerminal(state)
        ? tracing.start("server", "store reply", traceparent, {
            "rejoinder.operation": operation,
            "rejoinder.state": state,
            "messaging.message.conversation_id": correlationId,
          })
        : undefined,
    );
    try {
      const outcomes = await intake(replies);
      for (const [index, span] of spans.entries()) {
        span?.set({ "rejoinder.outcome": outcomes[index] });
        span?.end();
      }
      return outcomes;
    } catch (error) {
      for (const span of spans) span?.end((error as Error).name);
      throw error;
    }
  };
};
