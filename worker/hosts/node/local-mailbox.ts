import type { Log } from "../../../environment/log.ts";
import type { Mailbox } from "../../mailbox/mailbox.ts";
import type { RequestPublisher } from "../../request-publisher.ts";
import type { StatusStore } from "../../status-store.ts";

type LocalMailboxOptions = {
  readonly mailbox: Mailbox;
  /** Resolves once all that is in the storage now is durable. */
  readonly settled: () => void | Promise<void>;
  readonly log: Pick<Log, "error">;
};

/** The mailbox of all shards, in this process: each call is a call of the mailbox. */
export const localMailbox = ({ mailbox, settled, log }: LocalMailboxOptions): RequestPublisher & StatusStore => ({
  name: "mailbox",
  capabilities: { wait: true, duplicates: true, progress: true, lateReplies: true },
  retryAfterSeconds: 1,

  publish: (key, record, waitMs) => mailbox.publish(key, record, waitMs),

  async read(key, waitMs, known) {
    const status = await mailbox.read(key, waitMs, known);
    // What is read may be newer than what a power cut would leave.
    await settled();
    return status;
  },

  async write(replies) {
    try {
      return await mailbox.write(replies);
    } catch (error) {
      log.error({ err: error }, "the mailbox did not take replies; the consumer will send them again");
      return replies.map(() => "retry");
    }
  },
});
