import { aggregate, defineContract, operation, view } from "@rejoinder/sdk/contract";
import * as z from "zod";

/** Money is counted in cents, which add up without rounding errors. */
const cents = z.int().positive();
const accountId = z.string().regex(/^[a-z0-9-]{1,32}$/);
const paymentId = z.string().regex(/^[\w-]{1,64}$/);
const ofPayment = z.strictObject({ payment: paymentId });
const money = z.strictObject({ payment: paymentId, cents });

const toAccount = z.strictObject({ account: accountId, payment: paymentId });
const toPayment = z.strictObject({ payment: paymentId });
/** Policies send these commands, and nobody waits for a reply. What becomes of them is an event, also if it is a no. */
const silent = z.null();

/** What people have at the bank. */
export const account = aggregate({
  events: {
    opened: z.strictObject({ owner: z.string() }),
    deposited: z.strictObject({ cents }),
    /** So many cents of the balance are set aside for a payment. */
    reserved: money,
    "reserve-refused": z.strictObject({ payment: paymentId, reason: z.enum(["too-little-money", "not-open"]) }),
    credited: money,
    "credit-refused": ofPayment,
    /** What was reserved has been paid. */
    settled: money,
    /** What was reserved is part of the balance again: 0 if nothing was. */
    released: z.strictObject({ payment: paymentId, cents: z.int().nonnegative() }),
  },
  commands: {
    open: operation({
      request: z.strictObject({ account: accountId, owner: z.string().min(1).max(100) }),
      reply: z.null(),
      errors: { ALREADY_OPEN: { status: 409 } },
    }),
    deposit: operation({
      request: z.strictObject({ account: accountId, cents }),
      reply: z.strictObject({ balance: z.int() }),
      errors: { NOT_OPEN: { status: 404 } },
    }),
    reserve: operation({ request: z.strictObject({ ...toAccount.shape, cents }), reply: silent }),
    credit: operation({ request: z.strictObject({ ...toAccount.shape, cents }), reply: silent }),
    settle: operation({ request: toAccount, reply: silent }),
    release: operation({ request: toAccount, reply: silent }),
  },
  id: ({ account }) => account,
});

/** The process of a payment: it remembers how far the payment is, and what follows from that is in policies.ts. */
export const payment = aggregate({
  events: {
    initiated: z.strictObject({ payer: accountId, payee: accountId, cents }),
    /** The payer has the money, and it is reserved. The screening service of another team looks at the payment now. */
    reserved: z.strictObject({ payer: accountId, payee: accountId, cents }),
    refused: z.strictObject({ reason: z.string() }),
    approved: z.strictObject({ payee: accountId, cents }),
    rejected: z.strictObject({ payer: accountId, reason: z.string() }),
    "timed-out": z.strictObject({ payer: accountId }),
    credited: z.strictObject({ payer: accountId }),
    undeliverable: z.strictObject({ payer: accountId }),
    completed: z.strictObject({}),
    /** Nothing is reserved any more for a payment that came to nothing. */
    compensated: z.strictObject({}),
  },
  commands: {
    initiate: operation({
      request: z.strictObject({ payment: paymentId, payer: accountId, payee: accountId, cents }),
      reply: silent,
      errors: { SAME_ACCOUNT: { status: 422 }, ANOTHER_PAYMENT: { status: 409 } },
    }),
    "note-reserved": operation({ request: toPayment, reply: silent }),
    "note-refused": operation({ request: z.strictObject({ payment: paymentId, reason: z.string() }), reply: silent }),
    "note-screened": operation({
      request: z.strictObject({ payment: paymentId, verdict: z.enum(["approved", "rejected"]), reason: z.string().max(200).default("") }),
      reply: silent,
    }),
    "note-credited": operation({ request: toPayment, reply: silent }),
    "note-credit-refused": operation({ request: toPayment, reply: silent }),
    "note-settled": operation({ request: toPayment, reply: silent }),
    "note-released": operation({ request: toPayment, reply: silent }),
    "time-out": operation({ request: toPayment, reply: silent }),
  },
  id: ({ payment }) => payment,
});

/** Where a payment can be. */
const stage = z.enum([
  "initiated",
  "reserved",
  "refused",
  "approved",
  "rejected",
  "timed-out",
  "credited",
  "undeliverable",
  "completed",
  "compensated",
]);

const journey = z.array(z.strictObject({ stage, at: z.iso.datetime() }));

/** By account: what it has, and where that came from. */
export const balances = view({
  from: account,
  version: 1,
  row: z.strictObject({
    owner: z.string(),
    /** What the owner can spend. */
    balance: z.int(),
    /** What is set aside for payments that have not ended. */
    reserved: z.int(),
    /** All that was ever paid in by the owner, came from others, and went to others. */
    deposited: z.int(),
    received: z.int(),
    sent: z.int(),
    /** The version of the account that these numbers are of: those of its bookings in the statement that are not newer add up to them. */
    version: z.int(),
  }),
});

/** All bookings of an account, by `<account>/<version of the account, in ten digits>`. */
export const statement = view({
  from: account,
  version: 1,
  row: z.strictObject({
    booking: z.enum(["deposited", "reserved", "credited", "settled", "released"]),
    payment: paymentId.optional(),
    cents,
    at: z.iso.datetime(),
  }),
});

/** By payment: how far it is, and how it got there. */
export const payments = view({
  from: payment,
  version: 1,
  row: z.strictObject({ payer: accountId, payee: accountId, cents, stage, isOver: z.boolean(), journey }),
});

export const contract = defineContract({
  account,
  payment,
  balances,
  statement,
  payments,

  /** Starts a payment, and follows it to its end. The status of the request shows the journey meanwhile, and a webhook can tell of the end. */
  pay: operation({
    request: z
      .strictObject({ payer: accountId, payee: accountId, cents })
      .meta({ examples: [{ payer: "ada", payee: "grace", cents: 1_250 }] }),
    reply: z.strictObject({ payment: paymentId, journey }),
    errors: {
      SAME_ACCOUNT: { status: 422 },
      NOT_PAID: { status: 409, data: z.strictObject({ payment: paymentId, journey }) },
    },
    progress: z.strictObject({ payment: paymentId, journey }),
    deadlineSeconds: 120,
  }),
});
