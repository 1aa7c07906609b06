import { decider, type Decision } from "@rejoinder/sdk/consumer";
import type { EventOf } from "@rejoinder/sdk/contract";
import { account } from "./contract.ts";

/**
 * How many payments that it is done with an account remembers. A policy that was killed sends its last commands again, and they come soon after the
 * first time: nothing may happen twice then.
 */
const REMEMBERED = 256;

type Account = {
  readonly isOpen: boolean;
  readonly balance: number;
  /** Cents, by payment. */
  readonly reservations: { readonly [payment: string]: number };
  /** The last payments that this account was paid by, or has paid, released or refused. */
  readonly done: readonly string[];
};

const initial: Account = { isOpen: false, balance: 0, reservations: {}, done: [] };

const doneWith = ({ done }: Account, payment: string): readonly string[] =>
  done.includes(payment) ? done : [...done.slice(1 - REMEMBERED), payment];

const without = ({ reservations }: Account, payment: string): Account["reservations"] => {
  const { [payment]: _, ...others } = reservations;
  return others;
};

const knows = ({ reservations, done }: Account, payment: string): boolean => Object.hasOwn(reservations, payment) || done.includes(payment);

const NOTHING: Decision<typeof account, null> = { events: [], reply: null };
const happens = (event: EventOf<typeof account>): Decision<typeof account, null> => ({ events: [event], reply: null });

/** How accounts behave. An account plays one part in a payment: it pays or is paid. */
export const accountBehaviour = decider(account, {
  initial,

  evolve: {
    opened: (state) => ({ ...state, isOpen: true }),
    deposited: (state, { cents }) => ({ ...state, balance: state.balance + cents }),
    reserved: (state, { payment, cents }) => ({
      ...state,
      balance: state.balance - cents,
      reservations: { ...state.reservations, [payment]: cents },
    }),
    "reserve-refused": (state, { payment }) => ({ ...state, done: doneWith(state, payment) }),
    credited: (state, { payment, cents }) => ({ ...state, balance: state.balance + cents, done: doneWith(state, payment) }),
    "credit-refused": (state, { payment }) => ({ ...state, done: doneWith(state, payment) }),
    settled: (state, { payment }) => ({ ...state, reservations: without(state, payment), done: doneWith(state, payment) }),
    released: (state, { payment, cents }) => ({
      ...state,
      balance: state.balance + cents,
      reservations: without(state, payment),
      done: doneWith(state, payment),
    }),
  },

  decide: {
    open({ owner }, { isOpen }, { errors }) {
      if (isOpen) throw errors.ALREADY_OPEN();
      return happens({ type: "opened", data: { owner } });
    },

    deposit({ cents }, { isOpen, balance }, { errors }) {
      if (!isOpen) throw errors.NOT_OPEN();
      return { events: [{ type: "deposited", data: { cents } }], reply: { balance: balance + cents } };
    },

    reserve({ payment, cents }, state) {
      // Also after a release: the payment was given up before its money was reserved.
      if (knows(state, payment)) return NOTHING;
      if (!state.isOpen) return happens({ type: "reserve-refused", data: { payment, reason: "not-open" } });
      if (cents > state.balance) return happens({ type: "reserve-refused", data: { payment, reason: "too-little-money" } });
      return happens({ type: "reserved", data: { payment, cents } });
    },

    credit({ payment, cents }, state) {
      if (knows(state, payment)) return NOTHING;
      if (!state.isOpen) return happens({ type: "credit-refused", data: { payment } });
      return happens({ type: "credited", data: { payment, cents } });
    },

    settle({ payment }, { reservations }) {
      const cents = reservations[payment];
      if (cents === undefined) return NOTHING;
      return happens({ type: "settled", data: { payment, cents } });
    },

    // It answers with an event even if there is nothing to release, since the payment waits for one.
    release: ({ payment }, { reservations }) => happens({ type: "released", data: { payment, cents: reservations[payment] ?? 0 } }),
  },
});
