import type { Delivery } from "./delivery.ts";
import type { Addressee } from "./replies.ts";

type ReplyRouterParts = {
  /** To the callers of the Worker. */
  readonly toWorker: Delivery;
  /** To requesters on Kafka, if there can be any. */
  readonly toRequesters?: Delivery | undefined;
};

/** Brings each reply to where it is awaited, by its address: neither kind waits while the other cannot be delivered. */
export const createReplyRouter = ({ toWorker, toRequesters = toWorker }: ReplyRouterParts): Delivery => {
  const deliveryTo = ({ returnTo }: Pick<Addressee, "returnTo">): Delivery => (returnTo === undefined ? toWorker : toRequesters);
  return {
    deliver: (reply) => deliveryTo(reply).deliver(reply),
    room: (to) => deliveryTo(to).room(to),
    close() {
      toWorker.close();
      toRequesters.close();
    },
  };
};
