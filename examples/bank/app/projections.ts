import { projection, type ProjectionContext } from "@rejoinder/sdk/consumer";
import type { RowOf } from "@rejoinder/sdk/contract";
import { balances, payments, statement } from "./contract.ts";

type Balance = RowOf<typeof balances>;
type Booking = RowOf<typeof statement>;
type Payment = RowOf<typeof payments>;

/** What an event adds to the numbers of an account. Nothing happens to one that is not open, but refusals, of which `released` may tell. */
const adds =
  (changesOf: (cents: number) => Partial<Pick<Balance, "balance" | "reserved" | "deposited" | "received" | "sent">>) =>
  (row: Balance | undefined, { cents }: { readonly cents: number }, { version }: ProjectionContext): Balance | null => {
    if (row === undefined) return null;
    const changed = { ...row, version };
    for (const [name, change] of Object.entries(changesOf(cents))) changed[name as "balance"] += change;
    return changed;
  };

export const balanceRows = projection(balances, {
  on: {
    opened: (_, { owner }, { version }) => ({ owner, balance: 0, reserved: 0, deposited: 0, received: 0, sent: 0, version }),
    deposited: adds((cents) => ({ balance: cents, deposited: cents })),
    reserved: adds((cents) => ({ balance: -cents, reserved: cents })),
    credited: adds((cents) => ({ balance: cents, received: cents })),
    settled: adds((cents) => ({ reserved: -cents, sent: cents })),
    released: adds((cents) => ({ balance: cents, reserved: -cents })),
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
