import { aggregate, defineContract, operation } from "@rejoinder/sdk/contract";
import * as z from "zod";

const id = z.string().min(1);
const cents = z.int().positive();
const ofTransfer = z.strictObject({ transfer: id });
const moved = z.strictObject({ transfer: id, cents });

/** Accounts. What a transfer asks of one is answered by an event, also if the answer is no: nobody waits for a reply. */
export const account = aggregate({
  events: {
    opened: z.strictObject({ cents: z.int().nonnegative(), kind: z.enum(["open", "closed", "frozen"]) }),
    withdrawn: moved,
    "withdrawal-refused": ofTransfer,
    deposited: moved,
    "deposit-refused": ofTransfer,
  },
  commands: {
    open: operation({
      request: z.strictObject({ account: id, cents: z.int(), kind: z.enum(["open", "closed", "frozen"]) }),
      reply: z.null(),
    }),
    withdraw: operation({ request: z.strictObject({ account: id, transfer: id, cents }), reply: z.null() }),
    deposit: operation({ request: z.strictObject({ account: id, transfer: id, cents }), reply: z.null() }),
    "stop-deposit": operation({ request: z.strictObject({ account: id, transfer: id }), reply: z.null() }),
    return: operation({ request: z.strictObject({ account: id, transfer: id, cents }), reply: z.null() }),
  },
  id: ({ account: key }) => key,
});

const parties = { from: id, to: id, cents };

/** Transfers, which remember how far they are. */
export const transfer = aggregate({
  events: {
    begun: z.strictObject(parties),
    taken: z.strictObject(parties),
    completed: z.strictObject({}),
    refused: z.strictObject({}),
    "timed-out": z.strictObject(parties),
    undone: z.strictObject(parties),
  },
  commands: {
    begin: operation({ request: z.strictObject({ transfer: id, ...parties }), reply: z.null() }),
    "note-taken": operation({ request: ofTransfer, reply: z.null() }),
    "note-refused": operation({ request: ofTransfer, reply: z.null() }),
    "note-paid": operation({ request: ofTransfer, reply: z.null() }),
    "note-unpaid": operation({ request: ofTransfer, reply: z.null() }),
    "time-out": operation({ request: ofTransfer, reply: z.null() }),
  },
  id: ({ transfer: key }) => key,
});

export const contract = defineContract({ account, transfer });
