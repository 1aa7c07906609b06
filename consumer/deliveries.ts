import type { Delivery } from "./delivery.ts";

/** Replies to callers of the Worker one way, and to requesters on Kafka the other: neither waits while the other cannot be delivered. */
export const joinDeliveries = (toWorker: Delivery, toRequesters: Delivery): Delivery => ({
  deliver: (reply) => (reply.returnTo === undefined ? toWorker : toRequesters).deliver(reply),
  async room() {
    await Promise.all([toWorker.room(), toRequesters.room()]);
  },
  close() {
    toWorker.close();
    toRequesters.close();
  },
});
