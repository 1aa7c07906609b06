import type { Delivery } from "./delivery.ts";
import type { Addressee, OutgoingReply } from "./replies.ts";

/** Brings each reply to where it is awaited. */
export type ReplyRouter = {
  /** As {@link Delivery.deliver}. */
  deliver(reply: OutgoingReply): Promise<boolean>;
  /** Resolves once there is {@link Delivery.room} for a reply to that request. */
  room(to: Addressee): Promise<void>;
  /** Gives up what is not delivered yet. */
  close(): void;
};

type ReplyRouterParts = {
  /** To the callers of the Worker. */
  readonly toWorker: Delivery;
  /** To requesters on Kafka, if there can be any. */
  readonly toRequesters?: Delivery | undefined;
};

/** Chooses by the address of the reply: neither kind waits while the other cannot be delivered. */
export const createReplyRouter = ({ toWorker, toRequesters = toWorker }: ReplyRouterParts): ReplyRouter => {
  const deliveryTo = ({ returnTo }: Pick<Addressee, "returnTo">): Delivery => (returnTo === undefined ? toWorker : toRequesters);
  return {
    deliver: (reply) => deliveryTo(reply).deliver(reply),
    room: (to) => deliveryTo(to).room(),
    close() {
      toWorker.close();
      toRequesters.close();
    },
  };
};
