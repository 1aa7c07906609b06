import * as z from "zod";
import { aggregate } from "../../contract/aggregate.ts";
import { operation } from "../../contract/operation.ts";

const cents = z.int().positive();
const account = z.string().min(1);

/** Accounts, as the tests of commands have them. */
export const accounts = aggregate({
  events: {
    opened: z.strictObject({ owner: z.string() }),
    credited: z.strictObject({ cents }),
    debited: {
      schema: z.strictObject({ cents, fee: z.int().default(0) }),
      /** It was called amount once. */
      upcast: (data) => (typeof data === "object" && data !== null && "amount" in data ? { cents: data.amount } : data),
    },
  },
  commands: {
    open: operation({ request: z.strictObject({ account, owner: z.string() }), reply: z.null() }),
    credit: operation({ request: z.strictObject({ account, cents }), reply: z.strictObject({ balance: z.int() }) }),
    debit: operation({
      request: z.strictObject({ account, cents }),
      reply: z.strictObject({ balance: z.int() }),
      errors: { TOO_LITTLE_MONEY: { status: 409, data: z.strictObject({ balance: z.int() }) }, NOT_OPEN: { status: 404 } },
    }),
  },
  id: ({ account }) => account,
});
