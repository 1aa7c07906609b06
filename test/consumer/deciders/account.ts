import { decider } from "../../../consumer/deciders/decider.ts";
import { accounts } from "../../contract/bank.ts";

/** How the tests' accounts behave. */
export const account = decider(accounts, {
  initial: { isOpen: false, balance: 0 },
  evolve: {
    opened: (state) => ({ ...state, isOpen: true }),
    credited: (state, { cents }) => ({ ...state, balance: state.balance + cents }),
    debited: (state, { cents, fee }) => ({ ...state, balance: state.balance - cents - fee }),
  },
  decide: {
    open: ({ owner }, { isOpen }) => ({ events: isOpen ? [] : [{ type: "opened", data: { owner } }], reply: null }),
    credit: ({ cents }, { balance }) => ({ events: [{ type: "credited", data: { cents } }], reply: { balance: balance + cents } }),
    debit({ cents }, { isOpen, balance }, { errors }) {
      if (!isOpen) throw errors.NOT_OPEN("Open the account first.");
      if (cents > balance) throw errors.TOO_LITTLE_MONEY({ balance });
      return { events: [{ type: "debited", data: { cents } }], reply: { balance: balance - cents } };
    },
  },
});
