import type { Log } from "../../../environment/log.ts";
import type { Mailbox } from "../../mailbox/mailbox.ts";
import type { ListRequests } from "../../request-index.ts";
import { type Claim, type PublishResult, type RequestPublisher, withoutBodies } from "../../request-publisher.ts";
import type { StatusStore } from "../../status-store.ts";
import type { MailboxDatabase } from "./database.ts";
import { createEndOfTurn } from "./end-of-turn.ts";

type LocalMailboxOptions = {
  readonly mailbox: Mailbox;
  readonly storage: Pick<MailboxDatabase, "failure" | "settled">;
  /** Whether it is known that no consumer of an operation is linked to a shard. Absent: nothing is known of consumers. */
  readonly isMissing?: (shard: number, operation: string) => boolean;
  readonly log: Pick<Log, "error">;
};

type PublishCall = Parameters<RequestPublisher["publish"]>;

/** The mailbox of all shards, in this process: each call is a call of the mailbox. */
export const localMailbox = ({
  mailbox,
  storage,
  isMissing = () => false,
  log,
}: LocalMailboxOptions): RequestPublisher & StatusStore & { readonly list: ListRequests } => {
  /** After a sync that failed, a power cut could take back what would be read. */
  const isUnsettled = (): boolean => storage.failure() !== undefined;
  const endOfTurn = createEndOfTurn();
  const publishClaimed = async (
    [key, record, waitMs, caller, consumerOf, , webhook]: PublishCall,
    claim: Claim,
  ): Promise<PublishResult> => {
    await endOfTurn();
    try {
      if (isUnsettled()) await storage.settled();
    } catch (error) {
      log.error({ err: error }, "an Idempotency-Key could not be looked up");
      return { outcome: "unclaimed" };
    }
    // What came before needs no consumer any more.
    if (consumerOf !== undefined && isMissing(key.shard, consumerOf) && !mailbox.isClaimed(claim)) return { outcome: "no-consumer" };
    return mailbox.publish(key, record, waitMs, caller, claim, webhook);
  };

  return {
    name: "mailbox",
    capabilities: { wait: true, duplicates: true, progress: true, lateReplies: true, idempotency: true },
    retryAfterSeconds: 1,

    publish(key, record, waitMs, caller, consumerOf, claim, webhook) {
      if (claim !== undefined) return publishClaimed([key, record, waitMs, caller, consumerOf, claim, webhook], claim);
      if (consumerOf !== undefined && isMissing(key.shard, consumerOf)) return Promise.resolve({ outcome: "no-consumer" });
      return mailbox.publish(key, record, waitMs, caller, undefined, webhook);
    },
    publishAll: (requests) =>
      Promise.all(
        requests.map(async ({ key, record, claim, webhook }) =>
          claim === undefined
            ? mailbox.publish(key, record, 0, undefined, undefined, webhook)
            : withoutBodies(await publishClaimed([key, record, 0, undefined, undefined, claim, webhook], claim)),
        ),
      ),
    redrive: mailbox.redrive,

    async read(key, waitMs, known, caller) {
      if (isUnsettled()) await storage.settled();
      return mailbox.read(key, waitMs, known, caller);
    },

    async readChunks(key, afterVersion) {
      if (isUnsettled()) await storage.settled();
      return mailbox.readChunks(key, afterVersion);
    },

    async list(query) {
      if (isUnsettled()) await storage.settled();
      return mailbox.list(query);
    },

    async cancel(key) {
      if (isUnsettled()) await storage.settled();
      return mailbox.cancel(key);
    },

    async webhook(key, act) {
      if (isUnsettled()) await storage.settled();
      return mailbox.webhook(key, act);
    },

    async write(replies) {
      try {
        return await mailbox.write(replies);
      } catch (error) {
        log.error({ err: error }, "the mailbox did not take replies; the consumer will send them again");
        return replies.map(() => "retry");
      }
    },
  };
};
