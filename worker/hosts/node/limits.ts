import type { Log } from "../../../environment/log.ts";
import { createBurstWindows } from "../../limits/burst-windows.ts";
import type { AddressOf } from "../../limits/caller-address.ts";
import { createLedger, isEnded } from "../../limits/ledger.ts";
import { createLimits, type Limits } from "../../limits/limits.ts";
import type { Plans } from "../../limits/plans.ts";
import type { Mailbox } from "../../mailbox/mailbox.ts";
import type { MailboxDatabase } from "./database.ts";
import { createEndOfTurn } from "./end-of-turn.ts";

type NodeLimitsOptions = {
  readonly plans: Plans;
  readonly storage: Pick<MailboxDatabase, "sql" | "transaction">;
  readonly mailbox: Pick<Mailbox, "read">;
  readonly addressOf: AddressOf;
  readonly now: () => number;
  readonly log: Pick<Log, "error">;
};

/** Bursts in memory; what must be exact in the file of the statuses. */
export const nodeLimits = ({ plans, storage, mailbox, addressOf, now, log }: NodeLimitsOptions): Limits =>
  createLimits({
    plans,
    takeBurst: createBurstWindows(),
    ledger: createLedger({
      sql: storage.sql,
      transaction: storage.transaction,
      haveEnded: (keys) =>
        Promise.all(
          keys.map((key) =>
            mailbox
              .read(key, 0)
              .then(isEnded)
              .catch(() => false),
          ),
        ),
      together: createEndOfTurn(),
      now,
    }),
    addressOf,
    logError: (message, error) => log.error({ err: error }, message),
  });
