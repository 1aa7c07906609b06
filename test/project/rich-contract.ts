import { defineContract, operation } from "@rejoinder/sdk/contract";
import * as z from "zod";

const money = z.strictObject({ amount: z.number(), currency: z.string().length(3) }).meta({ id: "Money" });
const node: z.ZodType = z
  .strictObject({
    name: z.string(),
    get children() {
      return z.array(node);
    },
  })
  .meta({ id: "Node" });

/** Operations with all that a contract can have. */
export const richContract = defineContract({
  /** Errors with and without data, two of one status, and one of a status that the library has too. */
  pay: operation({
    request: z.strictObject({ price: money, note: z.string().default("") }).meta({ title: "Pays a price", description: "Once." }),
    reply: z.strictObject({ paid: money }),
    errors: {
      TOO_POOR: { status: 402, data: z.strictObject({ missing: money }) },
      NO_ACCOUNT: { status: 404 },
      ACCOUNT_CLOSED: { status: 404, data: z.strictObject({ closedAt: z.iso.datetime() }) },
      BANK_BUSY: { status: 503, retryable: true },
    },
    orderingKey: ({ price }) => price.currency,
    topic: "payments",
  }),

  /** A schema that refers to itself, by an id and without. */
  "walk-tree": operation({
    request: node,
    reply: z.json(),
    progress: z.strictObject({ percent: z.number() }),
    chunk: node,
    withoutConsumer: "accept",
  }),

  /** Answered by a service of another team. */
  quote: operation({
    request: z.strictObject({ product: z.string() }),
    reply: money,
    responder: { headers: "spring", requestTopic: "quote.requests", replyTopic: "quote.replies" },
  }),
});
