import type { Delivery } from "./delivery.ts";
import type { Log } from "../environment/log.ts";
import type { Problem } from "../protocol/problem.ts";
import { type Addressee, logFieldsOf, type OutgoingReply } from "./replies.ts";

type ReplyRouterParts = {
  /** To the callers of the Worker. */
  readonly toWorker: Delivery;
  /** To requesters on Kafka, if there can be any. */
  readonly toRequesters?: Delivery | undefined;
  readonly log?: Pick<Log, "info"> | undefined;
};

/**
 * Brings each reply to where it is awaited, by its address: neither kind waits while the other cannot be delivered. Of requests that nobody waits for
 * there is nothing to deliver.
 */
export const createReplyRouter = ({ toWorker, toRequesters = toWorker, log }: ReplyRouterParts): Delivery => {
  const deliveryTo = ({ returnTo }: Pick<Addressee, "returnTo">): Delivery => (returnTo === undefined ? toWorker : toRequesters);
  let isClosed = false;
  const drop = (reply: OutgoingReply): boolean => {
    if (reply.state === "failed")
      log?.info({ ...logFieldsOf(reply), code: (reply.data as Problem).code }, "a request that nobody waits for was refused, or failed");
    return !isClosed;
  };
  return {
    deliver: (reply) => (reply.isOneWay === true ? Promise.resolve(drop(reply)) : deliveryTo(reply).deliver(reply)),
    room: (to) => (to.isOneWay === true ? Promise.resolve() : deliveryTo(to).room(to)),
    close() {
      isClosed = true;
      toWorker.close();
      toRequesters.close();
    },
  };
};
