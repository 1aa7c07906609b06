import { shardOfCorrelationId } from "../protocol/correlation-id.ts";
import { createDelivery, type Delivery, type DeliveryOptions } from "./delivery.ts";
import { createInFlightLimiter } from "./in-flight-limiter.ts";
import type { MailboxSinks, Sink } from "./sink.ts";

type WorkerDeliveryOptions = Omit<DeliveryOptions, "sink" | "limiter"> & {
  readonly sinks: MailboxSinks;
  /** How many bytes of replies may wait, to all shards together, before there is no more {@link Delivery.room}. */
  readonly maxWaitingBytes: number;
};

/** Delivers to the callers of the Worker, to each shard of the mailbox on its own: a slow one slows nobody else. */
export const createWorkerDelivery = ({ sinks, maxWaitingBytes, ...options }: WorkerDeliveryOptions): Delivery => {
  const limiter = createInFlightLimiter({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: maxWaitingBytes });
  const deliveries = new Map<Sink, Delivery>();
  let isClosed = false;

  const deliveryTo = ({ correlationId }: { readonly correlationId: string }): Delivery => {
    const sink = sinks.of(shardOfCorrelationId(correlationId));
    let delivery = deliveries.get(sink);
    if (delivery === undefined) {
      delivery = createDelivery({ ...options, sink, limiter });
      deliveries.set(sink, delivery);
    }
    return delivery;
  };

  return {
    deliver: (reply) => (isClosed ? Promise.resolve(false) : deliveryTo(reply).deliver(reply)),
    // The first request to a shard opens its link here, so that it is there when the reply is.
    room: (to) => (isClosed ? Promise.resolve() : deliveryTo(to).room(to)),
    close() {
      isClosed = true;
      for (const delivery of deliveries.values()) delivery.close();
    },
  };
};
