import { decider, type Decision } from "@rejoinder/sdk/consumer";
import type { EventOf } from "@rejoinder/sdk/contract";
import { payment } from "./contract.ts";

type Stage = "none" | EventOf<typeof payment>["type"];
type Payment = { readonly stage: Stage; readonly payer: string; readonly payee: string; readonly cents: number };

const initial: Payment = { stage: "none", payer: "", payee: "", cents: 0 };

const to =
  (stage: Stage) =>
  (state: Payment): Payment => ({ ...state, stage });

const NOTHING: Decision<typeof payment, null> = { events: [], reply: null };
const happens = (event: EventOf<typeof payment>): Decision<typeof payment, null> => ({ events: [event], reply: null });

/**
 * How payments go on. What comes twice, or too late, changes nothing. Money is on its way to the payee from `approved` on, so from there on a payment
 * does not time out.
 */
export const paymentBehaviour = decider(payment, {
  initial,

  evolve: {
    initiated: (_, { payer, payee, cents }): Payment => ({ stage: "initiated", payer, payee, cents }),
    reserved: to("reserved"),
    refused: to("refused"),
    approved: to("approved"),
    rejected: to("rejected"),
    "timed-out": to("timed-out"),
    credited: to("credited"),
    undeliverable: to("undeliverable"),
    completed: to("completed"),
    compensated: to("compensated"),
  },

  decide: {
    initiate({ payer, payee, cents }, state, { errors }) {
      if (payer === payee) throw errors.SAME_ACCOUNT("The payer and the payee have the same account.");
      if (state.stage === "none") return happens({ type: "initiated", data: { payer, payee, cents } });
      if (state.payer === payer && state.payee === payee && state.cents === cents) return NOTHING;
      throw errors.ANOTHER_PAYMENT("There is another payment of that ID.");
    },

    "note-reserved": (_, { stage, payer, payee, cents }) =>
      stage === "initiated" ? happens({ type: "reserved", data: { payer, payee, cents } }) : NOTHING,

    "note-refused": ({ reason }, { stage }) => (stage === "initiated" ? happens({ type: "refused", data: { reason } }) : NOTHING),

    "note-screened"({ verdict, reason }, { stage, payer, payee, cents }) {
      if (stage !== "reserved") return NOTHING;
      return verdict === "approved"
        ? happens({ type: "approved", data: { payee, cents } })
        : happens({ type: "rejected", data: { payer, reason } });
    },

    "note-credited": (_, { stage, payer }) => (stage === "approved" ? happens({ type: "credited", data: { payer } }) : NOTHING),

    "note-credit-refused": (_, { stage, payer }) => (stage === "approved" ? happens({ type: "undeliverable", data: { payer } }) : NOTHING),

    "note-settled": (_, { stage }) => (stage === "credited" ? happens({ type: "completed", data: {} }) : NOTHING),

    "note-released": (_, { stage }) =>
      stage === "rejected" || stage === "timed-out" || stage === "undeliverable" ? happens({ type: "compensated", data: {} }) : NOTHING,

    "time-out": (_, { stage, payer }) =>
      stage === "initiated" || stage === "reserved" ? happens({ type: "timed-out", data: { payer } }) : NOTHING,
  },
});
