import { projection, type ProjectionContext } from "@rejoinder/sdk/consumer";
import type { RowOf } from "@rejoinder/sdk/contract";
import { balances, payments, statement } from "./contract.ts";
import { addUp } from "./money.ts";

type Balance = RowOf<typeof balances>;
type Booking = RowOf<typeof statement>;
type Payment = RowOf<typeof payments>;

/** What a booking adds to the numbers of an account. One that is not open has no row, and no bookings but releases of nothing. */
const adds =
  (booking: Booking["booking"]) =>
  (row: Balance | undefined, { cents }: { readonly cents: number }, { version }: ProjectionContext): Balance | null => {
    if (row === undefined) return null;
    const { balance, reserved, deposited, received, sent } = addUp([{ booking, cents }]);
    return {
      owner: row.owner,
      balance: row.balance + balance,
      reserved: row.reserved + reserved,
      deposited: row.deposited + deposited,
      received: row.received + received,
      sent: row.sent + sent,
      version,
    };
  };

export const balanceRows = projection(balances, {
  on: {
    opened: (_, { owner }, { version }) => ({ owner, balance: 0, reserved: 0, deposited: 0, received: 0, sent: 0, version }),
    deposited: adds("deposited"),
    reserved: adds("reserved"),
    credited: adds("credited"),
    settled: adds("settled"),
    released: adds("released"),
  },
});

/** Where a booking of an account is in the statement. In ten digits, keys of versions sort as their numbers do. */
export const statementKey = (account: string, version: number): string => `${account}/${String(version).padStart(10, "0")}`;

const books =
  (booking: Booking["booking"]) =>
  (_: unknown, { payment, cents }: { readonly payment?: string; readonly cents: number }, { at }: ProjectionContext): Booking => ({
    booking,
    ...(payment === undefined ? {} : { payment }),
    cents,
    at: at.toISOString(),
  });

export const statementRows = projection(statement, {
  // No command has more than one event, so the version is enough. A release of nothing is no booking.
  key: ({ id, version, data }) => ((data as { cents?: number }).cents === 0 ? undefined : statementKey(id, version)),
  on: {
    deposited: books("deposited"),
    reserved: books("reserved"),
    credited: books("credited"),
    settled: books("settled"),
    released: books("released"),
  },
});

const moves =
  (stage: Payment["stage"], isOver = false) =>
  (row: Payment | undefined, _: unknown, { at }: ProjectionContext): Payment | null =>
    row === undefined ? null : { ...row, stage, isOver, journey: [...row.journey, { stage, at: at.toISOString() }] };

export const paymentRows = projection(payments, {
  on: {
    initiated: (_, { payer, payee, cents }, { at }): Payment => ({
      payer,
      payee,
      cents,
      stage: "initiated",
      isOver: false,
      journey: [{ stage: "initiated", at: at.toISOString() }],
    }),
    reserved: moves("reserved"),
    refused: moves("refused", true),
    approved: moves("approved"),
    rejected: moves("rejected"),
    "timed-out": moves("timed-out"),
    credited: moves("credited"),
    undeliverable: moves("undeliverable"),
    completed: moves("completed", true),
    compensated: moves("compensated", true),
  },
});
